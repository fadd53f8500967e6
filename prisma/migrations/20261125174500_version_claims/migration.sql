BEGIN;

-- CreateTable
CREATE TABLE "version_claims" (
    "deploy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "hosts" TEXT[],
    "digest" TEXT NOT NULL,
    "claims" JSONB NOT NULL,

    CONSTRAINT "version_claims_pkey" PRIMARY KEY ("deploy_id","version")
);

-- AddForeignKey
ALTER TABLE "version_claims" ADD CONSTRAINT "version_claims_deploy_id_version_fkey" FOREIGN KEY ("deploy_id", "version") REFERENCES "versions"("deploy_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261125174500_version_claims' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
