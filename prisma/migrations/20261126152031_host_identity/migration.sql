BEGIN;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "enrolled_at" TIMESTAMPTZ(3),
ADD COLUMN     "enrollment_id" TEXT,
ADD COLUMN     "generation" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "key_digest" TEXT,
ADD COLUMN     "revoked_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "enrollments" (
    "id" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "host_pattern" TEXT NOT NULL,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "uses_max" INTEGER NOT NULL,
    "replace" BOOLEAN NOT NULL DEFAULT false,
    "created_by" TEXT NOT NULL,
    "created_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "enrollments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "authority_keys" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "certificate" TEXT,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "authority_keys_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "enrollments_token_hash_key" ON "enrollments"("token_hash");

-- CreateIndex
CREATE INDEX "enrollments_created_at_id_idx" ON "enrollments"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "authority_keys_kind_number_key" ON "authority_keys"("kind", "number");

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126152031_host_identity' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
