BEGIN;

-- CreateTable
CREATE TABLE "artifacts" (
    "sha256" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "name" TEXT NOT NULL DEFAULT '',
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("sha256")
);

-- CreateIndex
CREATE INDEX "artifacts_expires_at_idx" ON "artifacts"("expires_at");

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126074930_artifacts' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
