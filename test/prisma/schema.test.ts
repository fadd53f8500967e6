import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $Enums } from '../../prisma/client.js';
import { asTransaction, isAtomic, prismaFolder, readMigrations, readSchema } from '../../prisma/migration-files.js';
import { createMigration } from '../../prisma/new-migration.js';
import { openShadow, type Shadow } from '../../prisma/shadow.js';
import { roles, rolloutKinds, rolloutStates, stepStates } from '../../spec/words.js';

describe('schema.prisma and the migrations', () => {
  let shadow: Shadow;
  let schema: string;
  beforeAll(async () => {
    shadow = await openShadow();
    schema = await readSchema();
  });
  afterAll(() => shadow.close());

  test('agree', async () => {
    expect(await shadow.difference(schema)).toEqual({ equal: true, sql: expect.stringContaining('empty migration') });
  });

  test.each([
    ['column', 'model Node {', 'model Node {\n  rack String?', 'ADD COLUMN     "rack" TEXT'],
    ['index', '@@index([sha256])', '', 'DROP INDEX "version_files_sha256_idx"'],
    ['partial index', '(ended_at IS NULL)', '(started_at IS NULL)', 'rollouts_one_open_per_deploy'],
    ['word', '  rolled_back\n', '  rolled_back\n  undone\n', "'undone'"],
  ])('a %s in the schema without its migration is noticed', async (_, before, after, sql) => {
    expect(schema).toContain(before);
    expect(await shadow.difference(schema.replace(before, after))).toEqual({ equal: false, sql: expect.stringContaining(sql) });
  });
});

test('every migration is one transaction that records its own end', async () => {
  const { migrationDirectories } = await readMigrations();
  expect(migrationDirectories.length).toBeGreaterThan(0);
  for (const { path, migrationFile } of migrationDirectories) {
    const sql = migrationFile.content.value;
    expect({ path, atomic: isAtomic(path, sql) }).toEqual({ path, atomic: true });
  }
  expect(isAtomic('1_x', 'CREATE TABLE x();')).toBe(false);
  expect(isAtomic('1_x', asTransaction('1_y', 'CREATE TABLE x();'))).toBe(false);
  expect(isAtomic('1_x', asTransaction('1_x', 'CREATE TABLE x();'))).toBe(true);
});

test('a new migration is written offline, and closes the difference', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-prisma-'));
  try {
    await mkdir(join(folder, 'prisma'));
    await cp(join(prismaFolder(), 'migrations'), join(folder, 'prisma', 'migrations'), { recursive: true });
    await writeFile(join(folder, 'prisma', 'schema.prisma'), (await readSchema()).replace('model Node {', 'model Node {\n  rack String?'));
    const own = join(folder, 'prisma');
    const path = await createMigration('racks', own, new Date('2031-02-03T04:05:06Z'));
    expect(path).toBe(join(own, 'migrations', '20310203040506_racks', 'migration.sql'));
    const sql = await readFile(path ?? '', 'utf8');
    expect(sql).toContain('ALTER TABLE "nodes" ADD COLUMN     "rack" TEXT;');
    expect(isAtomic('20310203040506_racks', sql)).toBe(true);
    expect(await createMigration('again', own)).toBeNull();
    expect(await readdir(join(own, 'migrations'))).toHaveLength((await readdir(join(prismaFolder(), 'migrations'))).length + 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the words of the database are the words of the language', () => {
  expect(Object.values($Enums.RolloutState)).toEqual(rolloutStates);
  expect(Object.values($Enums.StepState)).toEqual(stepStates);
  expect(Object.values($Enums.RolloutKind)).toEqual(rolloutKinds);
  expect(Object.values($Enums.Role)).toEqual(roles);
});
