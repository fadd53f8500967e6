/** Secrets as people see and change them: names and versions; a value goes in and never comes back. */
import { MaestroError } from '../../spec/errors.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, takeLock, type Db } from '../database.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import type { Secret, Vault } from './vault.js';

export interface SecretVersionView { version: number; created_at: string }
/** `versions`: newest first. */
export interface SecretView { path: string; latest: number; versions: SecretVersionView[] }

export const valueBytesMax = 64 << 10;

/** Paths of the secrets that versions of visible deploys use; undefined: all there are. */
export async function secretsSeen(db: Db, { scope }: Pick<Actor, 'scope'>): Promise<ReadonlySet<string> | undefined> {
  if (scope === undefined) return undefined;
  const rows = await db.$queryRaw<{ path: string }[]>`SELECT DISTINCT jsonb_object_keys(secrets) AS path FROM version_secrets WHERE deploy_id = ANY(${[...scope.deploys]})`;
  return new Set(rows.map(({ path }) => path));
}

export async function listSecrets(vault: Vault, request: PageRequest = {}, seen?: ReadonlySet<string>): Promise<Page<SecretView>> {
  const limit = pageLimit(request.limit);
  const [after = ''] = readCursor(request.cursor, 1) ?? [];
  const rows = [...(await vault.read())].filter(([path, { versions }]) => versions.length > 0 && path > after && seen?.has(path) !== false).sort(([a], [b]) => (a < b ? -1 : 1));
  return toPage(rows.slice(0, limit + 1), limit, ([path, secret]) => view(path, secret), ([path]) => [path]);
}

export async function getSecret(vault: Vault, path: string, seen?: ReadonlySet<string>): Promise<SecretView> {
  const secret = (await vault.read()).get(path);
  if (secret === undefined || secret.versions.length === 0 || seen?.has(path) === false) throw notFound('secret', path);
  return view(path, secret);
}

/** A new version, also of a value that was there before. The file is written last, so that there is none without its audit entry. */
export async function setSecret(db: Db, vault: Vault, actor: Actor, path: string, value: string): Promise<SecretVersionView> {
  if (value === '') throw new MaestroError('validation_error', 'A secret cannot be empty', { fix: 'Give a value; to do away with the secret delete it.' });
  if (Buffer.byteLength(value) > valueBytesMax) throw new MaestroError('payload_too_large', 'A secret is at most 64 KiB', { fix: 'Put large files into the bundle or into an image.' });
  return inTransaction(db, async (tx) => {
    await takeLock(tx, 'vault');
    const next = ((await vault.read()).get(path)?.latest ?? 0) + 1;
    await appendAudit(tx, { actor, action: 'secret.set', target: path, result: 'ok', details: { version: next } });
    const { version, created_at } = await vault.set(path, value);
    return { version, created_at };
  });
}

/** All its versions: a rollback to what used them will miss them. */
export async function deleteSecret(db: Db, vault: Vault, actor: Actor, path: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await takeLock(tx, 'vault');
    await getSecret(vault, path);
    await appendAudit(tx, { actor, action: 'secret.delete', target: path, result: 'ok' });
    await vault.remove(path);
  });
}

const view = (path: string, { latest, versions }: Secret): SecretView =>
  ({ path, latest, versions: versions.map(({ version, created_at }) => ({ version, created_at })).reverse() });
