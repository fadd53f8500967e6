BEGIN;

-- CreateTable
CREATE TABLE "version_secrets" (
    "deploy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "secrets" JSONB NOT NULL,

    CONSTRAINT "version_secrets_pkey" PRIMARY KEY ("deploy_id","version")
);

-- AddForeignKey
ALTER TABLE "version_secrets" ADD CONSTRAINT "version_secrets_deploy_id_version_fkey" FOREIGN KEY ("deploy_id", "version") REFERENCES "versions"("deploy_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261125223000_version_secrets' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
