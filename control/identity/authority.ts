/**
 * The keys behind all identities, made on first use and shared by every process on the same database: a root that signs
 * intermediates only, the intermediate that signs hosts and gateways, and the key that binds task tokens to hosts.
 * At rest they are sealed with the key of the vault.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import type { AuthorityKey } from '../../prisma/generated/client.js';
import { inTransaction, takeLock, type Db, type Tx } from '../database.js';
import { newId } from '../ids.js';
import { readSealed, seal } from '../secrets/sealed.js';
import type { VaultKeys } from '../secrets/vault-key.js';
import { type Authority, certificateDigest, intermediateMs, makeIntermediate, makeRoot } from './certificates.js';

export interface TaskKey { id: number; key: Buffer }

export interface Authorities {
  /** PEM; whom hosts and gateways trust. */
  root: string;
  /** `sha256:…` of the root's certificate: what a host is told beside its token. */
  digest: string;
  /** Signs now. */
  intermediate: Authority;
  /** All that have signed, newest first; PEM. */
  intermediates: string[];
  /** Newest first: the first one wraps, all unwrap. */
  taskKeys: TaskKey[];
}

const sealedName = 'of the certificate authority';

interface Draft { kind: string; number: number; certificate: string | null; secret: Buffer }

async function store(tx: Tx, keys: VaultKeys, drafts: readonly Draft[]): Promise<void> {
  const { key, source } = await keys.create();
  await tx.authorityKey.createMany({
    data: drafts.map(({ kind, number, certificate, secret }) => ({ id: newId('key'), kind, number, certificate, sealed: new Uint8Array(seal(secret, key, source)) })),
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
  const sealed = readSealed(Buffer.from(row.sealed), sealedName);
  return sealed.open(await keys.of(sealed.source));
};

const authorityOf = async (row: AuthorityKey, keys: VaultKeys): Promise<Authority> => ({ certificate: row.certificate ?? '', key: (await open(row, keys)).toString() });

const newest = (rows: readonly AuthorityKey[], kind: string): AuthorityKey[] => rows.filter((row) => row.kind === kind).sort((one, other) => other.number - one.number);

/** In the last third of its life an intermediate does not sign any more. */
const isAged = (pem: string): boolean => Date.parse(new X509Certificate(pem).validTo) - Date.now() < intermediateMs / 3;

async function rows(tx: Tx, keys: VaultKeys): Promise<AuthorityKey[]> {
  await takeLock(tx, 'authority');
  if ((await tx.authorityKey.count()) === 0) await found(tx, keys);
  const all = await tx.authorityKey.findMany();
  const [root] = newest(all, 'root');
  const [signs] = newest(all, 'intermediate');
  if (root === undefined || signs === undefined || !isAged(signs.certificate ?? '')) return all;
  const next = await makeIntermediate(await authorityOf(root, keys), signs.number + 1, new Date());
  await store(tx, keys, [{ kind: 'intermediate', number: signs.number + 1, certificate: next.certificate, secret: Buffer.from(next.key) }]);
  return tx.authorityKey.findMany();
}

/** Racing processes get the same ones. Throws `config_error` when they are sealed with another key. */
export async function openAuthorities(db: Db, keys: VaultKeys): Promise<Authorities> {
  const all = await inTransaction(db, (tx) => rows(tx, keys));
  const [root] = newest(all, 'root');
  const intermediates = newest(all, 'intermediate');
  const [signs] = intermediates;
  if (root === undefined || signs === undefined) throw new Error('the certificate authority is not whole');
  const pem = root.certificate ?? '';
  return {
    root: pem, digest: certificateDigest(pem),
    intermediate: await authorityOf(signs, keys),
    intermediates: intermediates.map(({ certificate }) => certificate ?? ''),
    taskKeys: await Promise.all(newest(all, 'task').map(async (row) => ({ id: row.number, key: await open(row, keys) }))),
  };
}
