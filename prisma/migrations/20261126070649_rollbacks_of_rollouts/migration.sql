BEGIN;

-- AlterTable
ALTER TABLE "rollouts" ADD COLUMN     "cause" JSONB,
ADD COLUMN     "rollback_of" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "rollouts_rollback_of_key" ON "rollouts"("rollback_of");

-- AddForeignKey
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_rollback_of_fkey" FOREIGN KEY ("rollback_of") REFERENCES "rollouts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126070649_rollbacks_of_rollouts' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
