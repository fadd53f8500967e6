/** Looks for values that must be nowhere: in every place where the control plane and a host keep or tell something. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { FleetHost } from '../fleet/fleet.js';
import type { World } from './world.js';

export interface Hit { value: number; place: string; form: string }

interface Place { name: string; text: string }

/** Values are told by their place in the list, so that a failing test prints none. */
export async function sweep(world: World, values: readonly string[], paths: readonly string[]): Promise<Hit[]> {
  const hosts = await Promise.all(world.fleet.hosts.map((host) => placesOnHost(host)));
  const places = [...(await tables(world)), ...(await storedFiles(world.stack.dataDir)), ...(await answers(world, paths)), { name: 'events', text: JSON.stringify(world.events.seen) }, ...(await processes()), ...hosts.flat()];
  return places.flatMap(({ name, text }) => values.flatMap((value, index) => formsOf(value).filter(([, form]) => text.includes(form)).map(([form]) => ({ value: index, place: name, form }))));
}

const partLength = 12;

/** As which texts a value would be found. */
export const formsOf = (value: string): [string, string][] => {
  const bytes = Buffer.from(value);
  // A part, too: quoted twice, the whole looks otherwise.
  return [['raw', value], ['part', value.slice(0, partLength)], ['json', JSON.stringify(value).slice(1, -1)], ['url', encodeURIComponent(value)], ['hex', bytes.toString('hex')], ...[0, 1, 2].map((before): [string, string] => ['base64', base64Inside(bytes, before)])];
};

const base64Inside = (bytes: Buffer, before: number): string => Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').slice(before === 0 ? 0 : 4, -4);

async function tables({ stack }: World): Promise<Place[]> {
  const client = new pg.Client({ connectionString: stack.databaseUrl, query_timeout: 30_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`);
    const places: Place[] = [];
    for (const { name } of rows) {
      const { rows: all } = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
      places.push({ name: `table ${name}`, text: all.map(({ row }) => row).join('\n') });
    }
    return places;
  } finally {
    await client.end();
  }
}

/** Temporal's database, logs, the database's own files and the vault, as bytes. */
async function storedFiles(folder: string): Promise<Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // A file of a running database may go while it is looked at.
  return Promise.all(paths.map(async (path) => ({ name: path.slice(folder.length), text: await readFile(path, 'latin1').catch(() => '') })));
}

const answers = ({ api }: World, paths: readonly string[]): Promise<Place[]> => Promise.all(paths.map(async (path) => {
  const response = await fetch(`${api.url}${path}`, { headers: { cookie: api.cookie }, signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
  return { name: `GET ${path}`, text: await response.text() };
}));

async function processes(): Promise<Place[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map(async (pid) => ({ name: `arguments of ${pid}`, text: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })));
}

/** What a host tells in its log, its process list and its units, and what the worker remembers; not the files and environments that the secrets are for. */
async function placesOnHost(host: FleetHost): Promise<Place[]> {
  const read = async (name: string, argv: readonly string[]): Promise<Place> => ({ name: `${host.id}: ${name}`, text: (await host.exec(argv, { timeoutMs: 60_000 })).stdout });
  return Promise.all([
    read('journal', ['journalctl', '--no-pager', '--quiet', '--output', 'cat']),
    read('arguments', ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']),
    read('units', ['sh', '-c', 'cat /etc/systemd/system/*.service']),
    read('what the worker remembers', ['sh', '-c', 'find /var/lib/maestro -type f -not -path "*/previous/*" -exec cat {} +']),
    read('releases', ['sh', '-c', 'find /opt -path "*/.releases/*" -type f -size -200k -exec cat {} +']),
  ]);
}
