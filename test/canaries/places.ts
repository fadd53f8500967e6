/** Every place of the control plane where something is kept or told. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { ApiClient } from '../rollouts/api-client.js';
import type { World } from '../rollouts/world.js';

export interface Place { name: string; bytes: Buffer }

/** A dump of all tables, row by row, as text. */
export async function* tables({ stack }: World): AsyncGenerator<Place> {
  const client = new pg.Client({ connectionString: stack.databaseUrl, query_timeout: 30_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(`SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`);
    for (const { name } of rows) {
      const { rows: all } = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
      yield { name: `table ${name}`, bytes: Buffer.from(all.map(({ row }) => row).join('\n')) };
    }
  } finally {
    await client.end();
  }
}

/** All that lies in the data folder, as bytes: Temporal's database, the logs of all processes, the vault, the database's own files. */
export async function* storedFiles(folder: string): AsyncGenerator<Place> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // A file of a running database may go while it is looked at.
    yield { name: path.slice(folder.length), bytes: await readFile(path).catch(() => Buffer.alloc(0)) };
  }
}

/** Arguments and environments on this machine; what runs inside of hosts is theirs to tell. */
export async function* processes(): AsyncGenerator<Place> {
  const own = await readlink('/proc/self/ns/pid');
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if ((await readlink(`/proc/${pid}/ns/pid`).catch(() => '')) !== own) continue;
    for (const what of ['cmdline', 'environ']) yield { name: `${what} of a process`, bytes: await readFile(`/proc/${pid}/${what}`).catch(() => Buffer.alloc(0)) };
  }
}

interface Ids { deploys: { id: string; versions: number[]; components: string[] }[]; rollouts: string[]; nodes: string[]; secrets: string[]; users: string[]; enrollments: string[] }

/** Files that are the same for everybody, made before there was any secret. */
const downloads = '/download/{file}';

/** Every GET of the API with all that its path may name; a path that nobody can fill is an error, so that none is left out unseen. */
export async function* answers(asked: Record<string, ApiClient>, ids: Ids): AsyncGenerator<Place> {
  const admin = Object.values(asked)[0];
  const { paths } = (await admin?.ok<{ paths: Record<string, Record<string, unknown>> }>('GET', '/api/openapi.json')) ?? { paths: {} };
  const wanted = Object.entries(paths).filter(([path, { get }]) => get !== undefined && path !== downloads).flatMap(([path]) => filled(path, ids));
  for (const [who, { url, cookie }] of Object.entries(asked)) {
    for (let at = 0; at < wanted.length; at += atOnce) {
      yield* await Promise.all(wanted.slice(at, at + atOnce).map(async (path) => {
        const response = await fetch(`${url}${path}`, { headers: { cookie }, signal: AbortSignal.timeout(60_000) });
        return { name: `GET ${path.split('?')[0] ?? ''} as ${who}`, bytes: Buffer.from(await response.text()) };
      }));
    }
  }
}
const atOnce = 8;

function filled(path: string, ids: Ids): string[] {
  if (!path.includes('{')) return [path];
  if (path.startsWith('/api/deploys/{id}')) {
    return ids.deploys.flatMap(({ id, versions, components }) => {
      const of = path.replace('{id}', id);
      if (of.includes('{n}')) return versions.map((version) => of.replace('{n}', String(version)));
      return of.includes('{cid}') ? components.map((component) => `${of.replace('{cid}', component)}${of.endsWith('/logs') ? '?tail=5000' : ''}`) : [of];
    }).map(known);
  }
  const [, noun = ''] = /^\/api\/(\w+)\/\{/.exec(path) ?? [];
  const all: Record<string, string[]> = { rollouts: ids.rollouts, nodes: ids.nodes, secrets: ids.secrets, users: ids.users, enrollments: ids.enrollments, artifacts: [`art_${'0'.repeat(16)}`] };
  return (all[noun] ?? []).length === 0 ? [known(path)] : (all[noun] ?? []).map((id) => known(path.replace(/\{\w+\}/, id)));
}

function known(path: string): string {
  if (path.includes('{')) throw new Error(`nobody says what GET ${path} is to be asked with`);
  return path;
}

export async function idsOf(admin: ApiClient): Promise<Ids> {
  const list = async <T>(path: string): Promise<T[]> => (await admin.ok<{ items: T[] }>('GET', `${path}?limit=200`)).items;
  const [deploys, rollouts, nodes, secrets, users, enrollments] = await Promise.all([list<{ deploy_id: string }>('/api/deploys'), list<{ rollout_id: string }>('/api/rollouts'), list<{ node_id: string }>('/api/nodes'), list<{ path: string }>('/api/secrets'), list<{ user_id: string }>('/api/users'), list<{ enrollment_id: string }>('/api/enrollments')]);
  return {
    deploys: await Promise.all(deploys.map(async ({ deploy_id: id }) => {
      const { versions } = await admin.ok<{ versions: { version: number }[] }>('GET', `/api/deploys/${id}`);
      return { id, versions: versions.map(({ version }) => version), components: [...new Set(['web', 'unit', 'app', 'side'])] };
    })),
    rollouts: rollouts.map(({ rollout_id: id }) => id), nodes: nodes.map(({ node_id: id }) => id), secrets: secrets.map(({ path }) => path), users: users.map(({ user_id: id }) => id), enrollments: enrollments.map(({ enrollment_id: id }) => id),
  };
}
