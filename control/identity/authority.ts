/**
 * The keys behind all identities, made on first use and shared by every process on the same database: a root that signs
 * intermediates only, the intermediate that signs hosts and gateways, and the key that binds task tokens to hosts. While
 * a root is being replaced there are two of them: see rotation.ts. At rest they are sealed with the key of the vault.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import type { AuthorityKey } from '../../prisma/generated/client.js';
import { inTransaction, takeLock, type Db, type Reader, type Tx } from '../database.js';
import { newId } from '../ids.js';
import { readSealed, seal } from '../secrets/sealed.js';
import type { VaultKeys } from '../secrets/vault-key.js';
import { type Authority, certificateDigest, intermediateMs, isIssuedBy, makeIntermediate, makeRoot } from './certificates.js';

export interface TaskKey { id: number; key: Buffer }

export interface Authorities {
  /** PEM, newest first: whom hosts and gateways trust. Two while one replaces the other. */
  roots: string[];
  /** The newest of them: all that is signed now comes from it. */
  root: string;
  /** `sha256:…` of a root: what a host is told beside its token. */
  digest: string;
  /** Signs now. */
  intermediate: Authority;
  /** PEM: what is sent along with a certificate that `intermediate` has signed. It leads to each of `roots`. */
  chain: string;
  /** PEM: every trusted root comes after `chain` in what a gateway shows, so that whoever enrolls can compare its digest. */
  shown: string;
  /** All that have signed and still count, newest first; PEM. */
  intermediates: string[];
  /** The first one wraps, all unwrap. */
  taskKeys: TaskKey[];
}

/** By then every gateway has what is new: nothing is built on it that another gateway could not understand yet. */
export const settleMs = 30_000;

const sealedName = 'of the certificate authority';

export interface Draft { kind: 'root' | 'cross' | 'intermediate' | 'task'; number: number; certificate: string | null; secret: Buffer | null }

export async function store(tx: Tx, keys: VaultKeys, drafts: readonly Draft[]): Promise<void> {
  const { key, source } = await keys.create();
  await tx.authorityKey.createMany({
    data: drafts.map(({ kind, number, certificate, secret }) => ({ id: newId('key'), kind, number, certificate, sealed: secret === null ? null : new Uint8Array(seal(secret, key, source)) })),
  });
}

async function found(tx: Tx, keys: VaultKeys): Promise<void> {
  const now = new Date();
  const root = await makeRoot(now);
  const first = await makeIntermediate(root, 1, now);
  await store(tx, keys, [
    { kind: 'root', number: 1, certificate: root.certificate, secret: Buffer.from(root.key) },
    { kind: 'intermediate', number: 1, certificate: first.certificate, secret: Buffer.from(first.key) },
    { kind: 'task', number: 1, certificate: null, secret: randomBytes(32) },
  ]);
}

const open = async (row: AuthorityKey, keys: VaultKeys): Promise<Buffer> => {
  const sealed = readSealed(Buffer.from(row.sealed ?? []), sealedName);
  return sealed.open(await keys.of(sealed.source));
};

export const pemOf = ({ certificate }: Pick<AuthorityKey, 'certificate'>): string => certificate ?? '';
export const authorityOf = async (row: AuthorityKey, keys: VaultKeys): Promise<Authority> => ({ certificate: pemOf(row), key: (await open(row, keys)).toString() });

/** Those that count, newest first. */
export const living = <Row extends Pick<AuthorityKey, 'kind' | 'number' | 'retired_at'>>(rows: readonly Row[], kind: Draft['kind']): Row[] =>
  rows.filter((row) => row.kind === kind && row.retired_at === null).sort((one, other) => other.number - one.number);

/** Every gateway has it. The first of its kind never had to be waited for. */
export const isSettled = ({ created_at: at, number }: Pick<AuthorityKey, 'created_at' | 'number'>, now = Date.now()): boolean => number === 1 || now - at.getTime() >= settleMs;

/** In the last third of its life an intermediate does not sign any more. */
const isAged = (pem: string): boolean => Date.parse(new X509Certificate(pem).validTo) - Date.now() < intermediateMs / 3;

/** Under the lock of the authority, which ends with the transaction; founds it when there is none. */
export async function authorityRows(tx: Tx, keys: VaultKeys): Promise<AuthorityKey[]> {
  await takeLock(tx, 'authority');
  if ((await tx.authorityKey.count()) === 0) await found(tx, keys);
  return tx.authorityKey.findMany();
}

async function currentRows(tx: Tx, keys: VaultKeys): Promise<AuthorityKey[]> {
  const all = await authorityRows(tx, keys);
  const [root] = living(all, 'root');
  const [signs] = living(all, 'intermediate');
  if (root === undefined || signs === undefined || !isAged(pemOf(signs))) return all;
  const next = await makeIntermediate(await authorityOf(root, keys), signs.number + 1, new Date());
  await store(tx, keys, [{ kind: 'intermediate', number: signs.number + 1, certificate: next.certificate, secret: Buffer.from(next.key) }]);
  return tx.authorityKey.findMany();
}

/** In one byte, which is what a token has for it. */
const tokenKeyId = (number: number): number => ((number - 1) % 255) + 1;

async function taskKeysOf(all: readonly AuthorityKey[], keys: VaultKeys): Promise<TaskKey[]> {
  const rows = living(all, 'task');
  const wraps = rows.find((row) => isSettled(row)) ?? rows.at(-1);
  const inOrder = [...rows.filter((row) => row === wraps), ...rows.filter((row) => row !== wraps)];
  return Promise.all(inOrder.map(async (row) => ({ id: tokenKeyId(row.number), key: await open(row, keys) })));
}

/** Racing processes get the same ones. Throws `config_error` when they are sealed with another key. */
export async function openAuthorities(db: Db, keys: VaultKeys): Promise<Authorities> {
  const all = await inTransaction(db, (tx) => currentRows(tx, keys));
  const rootRows = living(all, 'root');
  const [newest] = rootRows;
  const intermediates = living(all, 'intermediate');
  const [signs] = intermediates;
  if (newest === undefined || signs === undefined) throw new Error('the certificate authority is not whole');
  const roots = rootRows.map(pemOf);
  const told = rootRows.find((row) => isSettled(row)) ?? rootRows.at(-1) ?? newest;
  const cross = living(all, 'cross').filter(({ certificate }) => isIssuedBy(certificate ?? '', pemOf(rootRows[1] ?? newest))).map(pemOf);
  const chain = [pemOf(signs), ...cross].join('\n');
  return {
    roots, root: pemOf(newest), digest: certificateDigest(pemOf(told)),
    intermediate: await authorityOf(signs, keys), chain,
    // The newest root last: a reader that goes by the order finds the way to the older one first.
    shown: [chain, ...roots.slice(1), ...roots.slice(0, 1)].join('\n'),
    intermediates: intermediates.map(pemOf),
    taskKeys: await taskKeysOf(all, keys),
  };
}

/** Changes whenever `openAuthorities` would answer something else. */
export async function authorityMark(db: Reader): Promise<string> {
  const rows = await db.authorityKey.findMany({ where: { retired_at: null }, select: { id: true, number: true, created_at: true }, orderBy: { id: 'asc' } });
  return rows.map((row) => `${row.id}${isSettled(row) ? '' : '?'}`).join(' ');
}
