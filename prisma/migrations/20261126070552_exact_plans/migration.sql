BEGIN;

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "basis" JSONB,
ADD COLUMN     "kind" "rollout_kind";

-- AlterTable
ALTER TABLE "rollouts" ADD COLUMN     "plan_id" TEXT;

-- CreateTable
CREATE TABLE "plan_hosts" (
    "plan_id" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "basis" JSONB,
    "diffs" JSONB,

    CONSTRAINT "plan_hosts_pkey" PRIMARY KEY ("plan_id","host")
);

-- CreateIndex
CREATE UNIQUE INDEX "rollouts_plan_id_key" ON "rollouts"("plan_id");

-- AddForeignKey
ALTER TABLE "plan_hosts" ADD CONSTRAINT "plan_hosts_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126070552_exact_plans' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
