/**
 * Secrets by path, each with numbered versions, in one sealed file. A write replaces the file as a whole (temporary
 * file, fsync, rename), so that a crash leaves the old or the new one; a file that cannot be opened is never written
 * over. Version numbers are not used again, not even after a deletion: what a rollout has pinned cannot come to mean
 * something else. Whoever writes holds the lock `vault` (see services), readers need none.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { hasCode } from '../key-file.js';
import { openCredentials, sealCredentials } from './credentials-file.js';
import { readSealed, seal, type KeySource } from './sealed.js';
import { isSecretPath } from './secret-path.js';
import type { VaultKeys } from './vault-key.js';

export interface SecretVersion { version: number; value: string; created_at: string }
/** `versions`: newest last; none: deleted. */
export interface Secret { latest: number; versions: SecretVersion[] }
export type Secrets = Map<string, Secret>;

const secret = z.strictObject({
  path: z.string().refine(isSecretPath), latest: z.int().min(1),
  versions: z.array(z.strictObject({ version: z.int().min(1), value: z.string(), created_at: z.iso.datetime() })),
});
const content = z.strictObject({ secrets: z.array(secret) });

/** The whole vault is read and written at once. */
const plainBytesMax = 16 << 20;

export class Vault {
  readonly file: string;

  constructor(dataDir: string, private readonly keys: VaultKeys) {
    this.file = join(dataDir, 'vault', 'secrets.vault');
  }

  async read(): Promise<Secrets> {
    const bytes = await this.bytes();
    return bytes === undefined ? new Map() : (await this.opened(bytes)).secrets;
  }

  /** The new version's number. */
  async set(path: string, value: string): Promise<SecretVersion> {
    const { secrets, key, source } = await this.open();
    const before = secrets.get(path) ?? { latest: 0, versions: [] };
    const made = { version: before.latest + 1, value, created_at: new Date().toISOString() };
    secrets.set(path, { latest: made.version, versions: [...before.versions, made] });
    await this.save(secrets, key, source);
    return made;
  }

  /** See credentials-file. */
  sealFile(secrets: Readonly<Record<string, string>>): Promise<string> {
    return sealCredentials(this.keys, secrets);
  }

  openFile(text: string): Promise<ReadonlyMap<string, string>> {
    return openCredentials(this.keys, text);
  }

  /** False when there is nothing of that name. */
  async remove(path: string): Promise<boolean> {
    const { secrets, key, source } = await this.open();
    const before = secrets.get(path);
    if (before === undefined || before.versions.length === 0) return false;
    secrets.set(path, { latest: before.latest, versions: [] });
    await this.save(secrets, key, source);
    return true;
  }

  private async open(): Promise<{ secrets: Secrets; key: Buffer; source: KeySource }> {
    const bytes = await this.bytes();
    return bytes === undefined ? { secrets: new Map(), ...(await this.keys.create()) } : this.opened(bytes);
  }

  private async opened(bytes: Buffer): Promise<{ secrets: Secrets; key: Buffer; source: KeySource }> {
    const sealed = readSealed(bytes, this.file);
    const key = await this.keys.of(sealed.source);
    const { secrets } = content.parse(JSON.parse(sealed.open(key).toString('utf8')));
    return { secrets: new Map(secrets.map(({ path, ...rest }) => [path, rest])), key, source: sealed.source };
  }

  private async bytes(): Promise<Buffer | undefined> {
    try {
      return await readFile(this.file);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  private async save(secrets: Secrets, key: Buffer, source: KeySource): Promise<void> {
    const plain = Buffer.from(JSON.stringify({ secrets: [...secrets].map(([path, rest]) => ({ path, ...rest })) }));
    if (plain.length > plainBytesMax) {
      throw new MaestroError('payload_too_large', 'The vault is full (16 MiB)', { fix: 'Delete secrets that nothing uses any more.' });
    }
    await replaceFile(this.file, seal(plain, key, source));
  }
}

async function replaceFile(path: string, bytes: Buffer): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
