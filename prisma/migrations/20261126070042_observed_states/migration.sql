BEGIN;

-- AlterEnum
ALTER TYPE "rollout_kind" ADD VALUE 'teardown';

-- AlterTable
ALTER TABLE "plans" ADD COLUMN     "prune" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "prune_volumes" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "rollouts" ADD COLUMN     "prune" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "prune_volumes" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "component_states" (
    "deploy_id" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "drift" JSONB NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "stream" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,

    CONSTRAINT "component_states_pkey" PRIMARY KEY ("deploy_id","host","component")
);

-- CreateTable
CREATE TABLE "log_requests" (
    "id" TEXT NOT NULL,
    "deploy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "host" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "bytes" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "log_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_batches" (
    "request_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "lines" JSONB NOT NULL,

    CONSTRAINT "log_batches_pkey" PRIMARY KEY ("request_id","position")
);

-- CreateIndex
CREATE INDEX "log_requests_created_at_idx" ON "log_requests"("created_at");

-- AddForeignKey
ALTER TABLE "component_states" ADD CONSTRAINT "component_states_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "deploys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_batches" ADD CONSTRAINT "log_batches_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "log_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126070042_observed_states' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
