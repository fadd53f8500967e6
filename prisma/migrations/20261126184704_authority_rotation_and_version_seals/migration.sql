BEGIN;

-- AlterTable
ALTER TABLE "authority_keys" ADD COLUMN     "retired_at" TIMESTAMPTZ(3),
ALTER COLUMN "sealed" DROP NOT NULL;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "certificate_root" TEXT,
ADD COLUMN     "trusted_roots" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "version_seals" (
    "version_id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "mac" TEXT NOT NULL,

    CONSTRAINT "version_seals_pkey" PRIMARY KEY ("version_id")
);

-- AddForeignKey
ALTER TABLE "version_seals" ADD CONSTRAINT "version_seals_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A seal is written with its version, and never again.
CREATE TRIGGER "version_seals_immutable" BEFORE UPDATE OR DELETE ON "version_seals" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126184704_authority_rotation_and_version_seals' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
