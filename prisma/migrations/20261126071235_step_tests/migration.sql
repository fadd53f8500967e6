BEGIN;

-- AlterTable
ALTER TABLE "steps" ADD COLUMN     "tests" JSONB NOT NULL DEFAULT '[]';

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126071235_step_tests' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
