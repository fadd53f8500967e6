BEGIN;

-- CreateTable
CREATE TABLE "version_pins" (
    "deploy_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "host" TEXT NOT NULL DEFAULT '',
    "value" TEXT NOT NULL,
    "pinned_by" TEXT NOT NULL,
    "pinned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "version_pins_pkey" PRIMARY KEY ("deploy_id","version","kind","key","host")
);

-- AddForeignKey
ALTER TABLE "version_pins" ADD CONSTRAINT "version_pins_deploy_id_version_fkey" FOREIGN KEY ("deploy_id", "version") REFERENCES "versions"("deploy_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '20261126071641_version_pins' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;

COMMIT;
