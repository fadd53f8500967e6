BEGIN;

-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "limits" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "address" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "agent" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "grants" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "must_change_password" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "password_expires_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "key_host_uses" (
    "key_id" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "host" TEXT NOT NULL,

    CONSTRAINT "key_host_uses_pkey" PRIMARY KEY ("key_id","day","host")
);

-- CreateTable
CREATE TABLE "host_tags" (
    "host" TEXT NOT NULL,
    "tag" TEXT NOT NULL,

    CONSTRAINT "host_tags_pkey" PRIMARY KEY ("host","tag")
);

-- CreateTable
CREATE TABLE "deploy_hosts" (
    "deploy_id" TEXT NOT NULL,
    "host" TEXT NOT NULL,

    CONSTRAINT "deploy_hosts_pkey" PRIMARY KEY ("deploy_id","host")
);

-- CreateIndex
CREATE INDEX "host_tags_tag_idx" ON "host_tags"("tag");

-- CreateIndex
CREATE INDEX "deploy_hosts_host_idx" ON "deploy_hosts"("host");

-- CreateIndex
CREATE INDEX "audit_target_id_idx" ON "audit"("target", "id");

-- CreateIndex
CREATE INDEX "audit_actor_id_id_idx" ON "audit"("actor_id", "id");

-- CreateIndex
CREATE INDEX "audit_action_id_idx" ON "audit"("action", "id");

-- AddForeignKey
ALTER TABLE "key_host_uses" ADD CONSTRAINT "key_host_uses_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deploy_hosts" ADD CONSTRAINT "deploy_hosts_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "deploys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126155918_people' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
