/** The migrations and the schema as they lie on disk, in the shape the schema engine reads. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** The folder `prisma/`, found from here upwards, so that it works from the sources and from a bundle in `dist/`. */
export function prismaFolder(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'prisma');
    if (existsSync(join(candidate, 'schema.prisma'))) return candidate;
    if (dirname(folder) === folder) throw new Error(`no prisma/schema.prisma in ${from} or above: the installation is incomplete`);
  }
}

export const readSchema = (folder: string = prismaFolder()): Promise<string> => readFile(join(folder, 'schema.prisma'), 'utf8');

/** All of `<folder>/migrations/<name>/migration.sql`, in the order of their names. */
export async function readMigrations(folder: string = prismaFolder()): Promise<MigrationList> {
  const baseDir = join(folder, 'migrations');
  const entries = existsSync(baseDir) ? await readdir(baseDir, { withFileTypes: true }) : [];
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
  const lockfile = join(baseDir, 'migration_lock.toml');
  return {
    baseDir,
    shadowDbInitScript: '',
    lockfile: { path: 'migration_lock.toml', content: existsSync(lockfile) ? await readFile(lockfile, 'utf8') : null },
    migrationDirectories: await Promise.all(names.map(async (name) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: await readFile(join(baseDir, name, 'migration.sql'), 'utf8') } },
    }))),
  };
}

/** Marks the migration as finished in its own transaction, so that no crash can separate the change from its record. */
const recordFinished = (name: string): string =>
  `UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "migration_name" = '${name}' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;`;

/** Prisma runs a file statement by statement; only an own transaction makes it all or nothing. */
export const asTransaction = (name: string, sql: string): string => `BEGIN;\n\n${sql.trim()}\n\n${recordFinished(name)}\n\nCOMMIT;\n`;

/** What a migration must look like for `migrate` to repeat it safely after an interruption. */
export function isAtomic(name: string, sql: string): boolean {
  const text = sql.trim();
  return text.startsWith('BEGIN;') && text.endsWith(`${recordFinished(name)}\n\nCOMMIT;`);
}
