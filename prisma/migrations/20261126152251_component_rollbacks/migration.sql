BEGIN;

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "component" TEXT,
ADD COLUMN     "component_from" INTEGER;

-- AlterTable
ALTER TABLE "version_secrets" ADD COLUMN     "components" JSONB;

-- AlterTable
ALTER TABLE "versions" ADD COLUMN     "component" TEXT,
ADD COLUMN     "component_from" INTEGER;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126152251_component_rollbacks' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
