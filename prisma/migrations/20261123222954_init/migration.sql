BEGIN;

-- CreateEnum
CREATE TYPE "role" AS ENUM ('admin', 'operator', 'viewer');

-- CreateEnum
CREATE TYPE "rollout_kind" AS ENUM ('apply', 'rollback');

-- CreateEnum
CREATE TYPE "rollout_state" AS ENUM ('pending', 'running', 'paused', 'awaiting_approval', 'succeeded', 'failed', 'aborted', 'rolled_back');

-- CreateEnum
CREATE TYPE "step_state" AS ENUM ('pending', 'waiting', 'running', 'unchanged', 'succeeded', 'failed', 'blocked', 'skipped', 'aborted', 'rolled_back');

-- CreateEnum
CREATE TYPE "actor_kind" AS ENUM ('user', 'key', 'system');

-- CreateEnum
CREATE TYPE "answer_state" AS ENUM ('running', 'done');

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "username_key" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "token_hash" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "rights" TEXT[],
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "nodes" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "online" BOOLEAN NOT NULL DEFAULT false,
    "last_seen_at" TIMESTAMPTZ(3),
    "facts" JSONB NOT NULL,
    "version" TEXT NOT NULL,
    "address" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deploys" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "active_version" INTEGER,
    "current_version" INTEGER,
    "latest_version" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "deploys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "versions" (
    "id" TEXT NOT NULL,
    "deploy_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" "rollout_kind" NOT NULL,
    "parent" INTEGER,
    "yaml" TEXT NOT NULL,
    "submitted_by" TEXT NOT NULL,
    "submitted_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "applied_at" TIMESTAMPTZ(3),

    CONSTRAINT "versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bundle_blobs" (
    "sha256" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bundle_blobs_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "version_files" (
    "version_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "mode" INTEGER NOT NULL,

    CONSTRAINT "version_files_pkey" PRIMARY KEY ("version_id","path")
);

-- CreateTable
CREATE TABLE "plans" (
    "id" TEXT NOT NULL,
    "deploy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "digest" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "summary" JSONB,
    "hosts" JSONB,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollouts" (
    "id" TEXT NOT NULL,
    "deploy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "kind" "rollout_kind" NOT NULL,
    "state" "rollout_state" NOT NULL DEFAULT 'pending',
    "reason" TEXT NOT NULL DEFAULT '',
    "started_by" TEXT NOT NULL,
    "started_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rollouts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "steps" (
    "rollout_id" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "component" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "binding" INTEGER NOT NULL,
    "state" "step_state" NOT NULL DEFAULT 'pending',
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "reason" TEXT NOT NULL DEFAULT '',
    "blocked_by" TEXT[],
    "action" TEXT,
    "plan" JSONB,
    "failure" JSONB,
    "phases" JSONB NOT NULL,
    "operations" TEXT[],
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "steps_pkey" PRIMARY KEY ("rollout_id","host","component")
);

-- CreateTable
CREATE TABLE "events" (
    "id" BIGSERIAL NOT NULL,
    "type" TEXT NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deploy_id" TEXT,
    "rollout_id" TEXT,
    "host" TEXT,
    "component" TEXT,
    "data" JSONB NOT NULL,
    "dedupe_key" TEXT,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" "actor_kind" NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "result" TEXT NOT NULL,
    "details" JSONB NOT NULL,
    "prev_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "actor_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "state" "answer_state" NOT NULL DEFAULT 'running',
    "answer" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("actor_id","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key_key" ON "users"("username_key");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "nodes_name_key" ON "nodes"("name");

-- CreateIndex
CREATE INDEX "deploys_name_idx" ON "deploys"("name");

-- CreateIndex
CREATE UNIQUE INDEX "deploys_living_name_key" ON "deploys"("name") WHERE (deleted_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "versions_deploy_id_number_key" ON "versions"("deploy_id", "number");

-- CreateIndex
CREATE INDEX "version_files_sha256_idx" ON "version_files"("sha256");

-- CreateIndex
CREATE INDEX "plans_deploy_id_created_at_idx" ON "plans"("deploy_id", "created_at");

-- CreateIndex
CREATE INDEX "rollouts_deploy_id_created_at_idx" ON "rollouts"("deploy_id", "created_at");

-- CreateIndex
CREATE INDEX "rollouts_created_at_id_idx" ON "rollouts"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "rollouts_one_open_per_deploy" ON "rollouts"("deploy_id") WHERE (ended_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "events_dedupe_key_key" ON "events"("dedupe_key");

-- CreateIndex
CREATE INDEX "events_rollout_id_id_idx" ON "events"("rollout_id", "id");

-- CreateIndex
CREATE INDEX "events_deploy_id_id_idx" ON "events"("deploy_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "audit_hash_key" ON "audit"("hash");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "versions" ADD CONSTRAINT "versions_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "deploys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "version_files" ADD CONSTRAINT "version_files_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "version_files" ADD CONSTRAINT "version_files_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "bundle_blobs"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plans" ADD CONSTRAINT "plans_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "deploys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plans" ADD CONSTRAINT "plans_deploy_id_version_fkey" FOREIGN KEY ("deploy_id", "version") REFERENCES "versions"("deploy_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "deploys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_deploy_id_version_fkey" FOREIGN KEY ("deploy_id", "version") REFERENCES "versions"("deploy_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "steps" ADD CONSTRAINT "steps_rollout_id_fkey" FOREIGN KEY ("rollout_id") REFERENCES "rollouts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say:

-- A rollout has ended exactly when its state is final; the partial index on ended_at is the lock on a deploy.
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_ended_when_final"
  CHECK (("state" IN ('succeeded', 'failed', 'aborted', 'rolled_back')) = ("ended_at" IS NOT NULL));

CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: its rows never change', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- Audit is append-only, for everybody.
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE ON "audit" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_not_emptied" BEFORE TRUNCATE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- A version is what was submitted, for ever; only that it was applied may be noted, once.
CREATE FUNCTION "refuse_version_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."applied_at" IS NULL AND (to_jsonb(NEW) - 'applied_at') = (to_jsonb(OLD) - 'applied_at') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'version % of % is immutable', OLD."number", OLD."deploy_id" USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "versions_immutable" BEFORE UPDATE ON "versions" FOR EACH ROW EXECUTE FUNCTION "refuse_version_change"();
CREATE TRIGGER "versions_kept" BEFORE DELETE ON "versions" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "version_files_immutable" BEFORE UPDATE OR DELETE ON "version_files" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "bundle_blobs_immutable" BEFORE UPDATE ON "bundle_blobs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261123222954_init' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
