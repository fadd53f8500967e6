/** User and group names to ids and back: /etc/passwd and /etc/group first, `getent` for those kept elsewhere (LDAP…). */
import { readFile } from 'node:fs/promises';
import { MaestroError } from '../../spec/errors.js';
import { runProgram } from '../run-program.js';

export interface OwnerIds { uid: number | null; gid: number | null }

type Database = 'passwd' | 'group';
const numeric = /^\d+$/;
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?$/;
const getentTimeoutMs = 5_000;

/** Ids of a file's owner; null is left as it is created. Throws dependency_missing with the line that mends it. */
export async function ownerIds(owner: string | null, group: string | null): Promise<OwnerIds> {
  return { uid: owner === null ? null : await userId(owner), gid: group === null ? null : await groupId(group) };
}

export async function userId(name: string): Promise<number> {
  const id = await lookUp('passwd', name);
  if (id !== null) return id;
  throw missing('user', name, `sudo useradd --system --no-create-home --shell /usr/sbin/nologin ${name}`);
}

export async function groupId(name: string): Promise<number> {
  const id = await lookUp('group', name);
  if (id !== null) return id;
  throw missing('group', name, `sudo groupadd --system ${name}`);
}

/** The group that a user has by itself. */
export async function primaryGroupOf(user: string): Promise<number> {
  const fields = (await lines('passwd')).find(([name, , id]) => name === user || (numeric.test(user) && id === user)) ?? (await getent('passwd', user));
  if (fields?.[3] !== undefined && numeric.test(fields[3])) return Number(fields[3]);
  throw missing('user', user, `sudo useradd --system --no-create-home --shell /usr/sbin/nologin ${user}`);
}

function missing(what: 'user' | 'group', name: string, command: string): MaestroError {
  // A command that people copy into a shell has nothing in it that a shell would take for more than a name.
  return new MaestroError('dependency_missing', `the ${what} ${plainName.test(name) ? name : JSON.stringify(name.slice(0, 100))} does not exist on this host`, {
    fix: plainName.test(name) ? `Create it on the host (${command}) or name another ${what}.` : `Name another ${what}.`, details: { missing_dependency: `${what}:${name}` },
  });
}

async function lookUp(database: Database, name: string): Promise<number | null> {
  if (numeric.test(name)) return Number(name);
  const line = (await lines(database)).find((fields) => fields[0] === name) ?? (await getent(database, name));
  return line?.[2] !== undefined && numeric.test(line[2]) ? Number(line[2]) : null;
}

const lines = async (database: Database): Promise<string[][]> =>
  (await readFile(`/etc/${database}`, 'utf8')).split('\n').map((line) => line.split(':'));

async function getent(database: Database, key: string): Promise<string[] | undefined> {
  const answer = await runProgram('getent', [database, '--', key], { timeoutMs: getentTimeoutMs }).catch(() => null);
  return answer?.exit_code === 0 ? answer.stdout.trim().split(':') : undefined;
}

/**
 * Names for ids, for comparing with what a document says. An id nobody has a name for, and an id that the
 * document itself gives as a number, is told as a number.
 */
export async function ownerNames(ids: readonly { uid: number; gid: number }[]): Promise<{ user(uid: number): string; group(gid: number): string }> {
  const users = await namesById('passwd', ids.map(({ uid }) => uid));
  const groups = await namesById('group', ids.map(({ gid }) => gid));
  return { user: (uid) => users.get(uid) ?? String(uid), group: (gid) => groups.get(gid) ?? String(gid) };
}

async function namesById(database: Database, ids: readonly number[]): Promise<Map<number, string>> {
  const wanted = new Set(ids);
  const names = new Map<number, string>();
  for (const [name, , id] of await lines(database)) {
    const number = Number(id);
    if (name !== undefined && wanted.has(number) && !names.has(number)) names.set(number, name);
  }
  for (const id of wanted) {
    const found = names.has(id) ? undefined : await getent(database, String(id));
    if (found?.[0] !== undefined) names.set(id, found[0]);
  }
  return names;
}
