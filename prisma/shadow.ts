/** Compares schema.prisma with the migrations in a PostgreSQL that lives in memory; needs no server. Development and tests only. */
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { noFilters, openEngine } from './engine.js';
import { prismaFolder, readMigrations, readSchema } from './migration-files.js';
import { withWholeScripts } from './whole-scripts.js';

export interface Difference { equal: boolean; /** SQL that takes the migrated database to the schema. */ sql: string }
export interface Shadow { /** What the migrations lack to reach `schema`. */ difference(schema: string): Promise<Difference>; close(): Promise<void> }

/** An empty database in memory with every migration of `folder` applied. */
export async function openShadow(folder: string = prismaFolder()): Promise<Shadow> {
  const database = new PGlite();
  const adapter = withWholeScripts(new PrismaPGlite(database), (script) => database.exec(script));
  const migrationsList = await readMigrations(folder);
  if (migrationsList.migrationDirectories.length > 0) {
    const engine = await openEngine(adapter, await readSchema(folder));
    await engine.applyMigrations({ migrationsList, filters: noFilters });
  }
  const difference = async (schema: string): Promise<Difference> => {
    const engine = await openEngine(adapter, schema);
    const files = [{ path: 'schema.prisma', content: schema }];
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: folder },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: noFilters,
    });
    return { equal: exitCode === 0, sql: stdout ?? '' };
  };
  return { difference, close: () => database.close() };
}
