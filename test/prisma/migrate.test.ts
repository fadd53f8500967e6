import { fork, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { migrate } from '../../prisma/migrate.js';
import { asTransaction, prismaFolder, readMigrations } from '../../prisma/migration-files.js';
import { databaseKinds, startDatabase, withClient, type DatabaseServer } from '../control/database.js';

let names: string[];
let scratch: string;
beforeAll(async () => {
  names = (await readMigrations()).migrationDirectories.map(({ path }) => path);
  scratch = await mkdtemp(join(prismaFolder(), '..', 'dist', 'migrate-test-')).catch(() => mkdtemp(join(tmpdir(), 'maestro-migrate-')));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** A copy of prisma/ with one more migration. */
async function withMigration(name: string, statements: string): Promise<string> {
  const folder = await mkdtemp(join(scratch, 'prisma-'));
  await cp(join(prismaFolder(), 'migrations'), join(folder, 'migrations'), { recursive: true });
  await cp(join(prismaFolder(), 'schema.prisma'), join(folder, 'schema.prisma'));
  await mkdir(join(folder, 'migrations', name));
  await writeFile(join(folder, 'migrations', name, 'migration.sql'), asTransaction(name, statements));
  return folder;
}

const tables = (url: string): Promise<string[]> => withClient(url, async (client) =>
  (await client.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).rows.map(({ name }) => name));

describe.each(databaseKinds)('migrate on %s', (kind) => {
  let server: DatabaseServer;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());

  test('brings an empty database to the newest schema once', async () => {
    const url = await server.emptyDatabase();
    expect(await migrate(url)).toEqual(names);
    expect(await tables(url)).toEqual(expect.arrayContaining(['audit', 'deploys', 'events', 'rollouts', 'steps', 'versions']));
    expect(await migrate(url)).toEqual([]);
  });

  test('of four processes that race on one empty database exactly one applies, and all succeed', async () => {
    const url = await server.emptyDatabase();
    const program = join(scratch, `migrate-${kind}.mjs`);
    await build({
      stdin: { contents: `import { migrate } from './migrate.ts'; process.send({ ready: true }); process.once('message', () => migrate(${JSON.stringify(url)}, { folder: ${JSON.stringify(prismaFolder())} }).then((applied) => process.send({ applied }), (error) => process.send({ error: String(error) })).finally(() => process.disconnect()));`, resolveDir: prismaFolder(), loader: 'ts' },
      outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error',
    });
    const processes = Array.from({ length: 4 }, () => fork(program, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    await Promise.all(processes.map(message));
    const answers = processes.map(message);
    processes.forEach((process) => process.send('go'));
    const applied = (await Promise.all(answers)).map((answer) => answer.applied);
    expect(applied.filter((one) => one?.length === names.length)).toEqual([names]);
    expect(applied.filter((one) => one?.length === 0)).toHaveLength(3);
    expect(await withClient(url, async (client) => (await client.query('SELECT 1 FROM _prisma_migrations')).rowCount)).toBe(names.length);
  });

  test('a migration that fails leaves nothing of itself, and its corrected form is applied by the next run', async () => {
    const url = await server.emptyDatabase();
    const broken = await withMigration('29990101000000_more', 'CREATE TABLE more_a (id int);\nSELECT 1 / 0;\nCREATE TABLE more_b (id int);');
    await expect(migrate(url, { folder: broken })).rejects.toThrow(/could not be migrated.*division by zero/s);
    expect(await tables(url)).not.toContain('more_a');
    const corrected = await withMigration('29990101000000_more', 'CREATE TABLE more_a (id int);\nCREATE TABLE more_b (id int);');
    expect(await migrate(url, { folder: corrected })).toEqual(['29990101000000_more']);
    expect(await tables(url)).toEqual(expect.arrayContaining(['more_a', 'more_b']));
  });

  test('a migration whose connection is cut in the middle leaves nothing, and is applied by the next run', async () => {
    const url = await server.emptyDatabase();
    await migrate(url);
    const slow = await withMigration('29990101000000_slow', 'CREATE TABLE slow_a (id int);\nSELECT pg_sleep(20);');
    const interrupted = expect(migrate(url, { folder: slow })).rejects.toThrow(/could not be migrated/);
    await cutConnection(url, '%pg_sleep%');
    await interrupted;
    expect(await tables(url)).not.toContain('slow_a');
    const quick = await withMigration('29990101000000_slow', 'CREATE TABLE slow_a (id int);\nCREATE TABLE slow_b (id int);');
    expect(await migrate(url, { folder: quick })).toEqual(['29990101000000_slow']);
    expect(await tables(url)).toEqual(expect.arrayContaining(['slow_a', 'slow_b']));
  });

  test('a process that died right after the commit does not make the next one apply the migration again', async () => {
    const url = await server.emptyDatabase();
    const folder = await withMigration('29990101000000_once', 'CREATE TABLE once_a (id int);');
    expect(await migrate(url, { folder })).toContain('29990101000000_once');
    // What the engine writes before it runs a file is what remains of a run that died; the file's own last statement must have completed it.
    await withClient(url, (client) => client.query(`UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0 WHERE migration_name = '29990101000000_once'`));
    await withClient(url, (client) => client.query('DROP TABLE once_a'));
    await withClient(url, (client) => client.query(asTransaction('29990101000000_once', 'CREATE TABLE once_a (id int);')));
    expect(await migrate(url, { folder })).toEqual([]);
  });

  test('waiting for another process is bounded', async () => {
    const url = await server.emptyDatabase();
    await withClient(url, async (client) => {
      await client.query('SELECT pg_advisory_lock(7261984100)');
      await expect(migrate(url, { timeoutMs: 500 })).rejects.toThrow(/could not be migrated/);
    });
    expect(await migrate(url)).toEqual(names);
  });
});

interface Answer { ready?: true; applied?: string[]; error?: string }
const message = (child: ChildProcess): Promise<Answer> => new Promise((resolve, reject) => {
  child.once('message', (answer: Answer) => (answer.error === undefined ? resolve(answer) : reject(new Error(answer.error))));
  child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
});

async function cutConnection(url: string, query: string): Promise<void> {
  await withClient(url, async (client) => {
    for (let tries = 0; tries < 200; tries += 1) {
      const { rowCount } = await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()', [query]);
      if (rowCount) return;
      await wait(50);
    }
    throw new Error(`no connection runs ${query}`);
  });
}
