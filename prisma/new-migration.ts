/** `npm run new-migration -- <name>`: writes the migration that takes the existing ones to schema.prisma, offline. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asTransaction, prismaFolder, readSchema } from './migration-files.js';
import { openShadow } from './shadow.js';

const timestamp = (now: Date): string => now.toISOString().replace(/\D/g, '').slice(0, 14);

/** Returns the new file's path, or null when schema and migrations agree already. */
export async function createMigration(label: string, folder: string = prismaFolder(), now: Date = new Date()): Promise<string | null> {
  if (!/^[a-z0-9_]{1,60}$/.test(label)) throw new Error(`"${label}" is not a migration name: use lower case letters, digits and "_"`);
  const shadow = await openShadow(folder);
  const { equal, sql } = await shadow.difference(await readSchema(folder)).finally(() => shadow.close());
  if (equal) return null;
  const name = `${timestamp(now)}_${label}`;
  const directory = join(folder, 'migrations', name);
  await mkdir(directory, { recursive: true });
  await writeFile(join(folder, 'migrations', 'migration_lock.toml'), 'provider = "postgresql"\n');
  await writeFile(join(directory, 'migration.sql'), asTransaction(name, sql));
  return join(directory, 'migration.sql');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const path = await createMigration(process.argv[2] ?? '');
  process.stdout.write(path === null ? 'schema.prisma and the migrations agree: nothing to do\n' : `wrote ${path}\nread it before you commit it: triggers and data moves are yours to add\n`);
}
