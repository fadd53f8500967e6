/** Compares schema.prisma with the migrations in a PostgreSQL that lives in memory; needs no server. Development and tests only. */
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { noFilters, openEngine } from './engine.js';
import { prismaFolder, readMigrations, readSchema } from './migration-files.js';

export interface Difference { equal: boolean; /** SQL that takes the migrated database to the schema. */ sql: string }

/** Applies every migration of `folder` to an empty database and says what is missing to reach `schema`. */
export async function migrationsVersusSchema(folder: string = prismaFolder(), schema?: string): Promise<Difference> {
  const wanted = schema ?? (await readSchema(folder));
  const database = new PGlite();
  try {
    const engine = await openEngine(new PrismaPGlite(database), wanted);
    const migrationsList = await readMigrations(folder);
    if (migrationsList.migrationDirectories.length > 0) await engine.applyMigrations({ migrationsList, filters: noFilters });
    const files = [{ path: 'schema.prisma', content: wanted }];
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: folder },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: noFilters,
    });
    return { equal: exitCode === 0, sql: stdout ?? '' };
  } finally {
    await database.close();
  }
}
