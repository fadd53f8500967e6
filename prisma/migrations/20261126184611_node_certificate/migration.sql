BEGIN;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "certificate_expires_at" TIMESTAMPTZ(3);

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126184611_node_certificate' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
