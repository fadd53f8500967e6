BEGIN;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "allow" TEXT[] DEFAULT ARRAY[]::TEXT[];

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126161350_node_allow' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
