BEGIN;

-- AlterTable
ALTER TABLE "idempotency_keys" ADD COLUMN     "claim" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "effects" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126113113_request_effects' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
