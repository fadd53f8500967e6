/** The key of the vault: derived from a passphrase, or random and kept in a file beside the other keys. */
import { randomBytes, scrypt } from 'node:crypto';
import { MaestroError } from '../../spec/errors.js';
import { existingKeyFile, keyFile } from '../key-file.js';
import type { KeySource } from './sealed.js';

/** scrypt with r 8 and p 1: about 100 ms and 32 MiB, once per process and salt. */
const scryptCost = 1 << 15;
const saltBytes = 16;
const keyBytes = 32;
const keyName = 'vault.key';

export interface VaultKeys {
  /** For a vault that is made now. */
  create(): Promise<{ key: Buffer; source: KeySource }>;
  /** For one that is there. Throws `config_error` when it was made the other way. */
  of(source: KeySource): Promise<Buffer>;
}

export function vaultKeys({ dataDir, passphrase }: { dataDir: string; passphrase: string | undefined }): VaultKeys {
  return passphrase === undefined ? fromFile(dataDir) : fromPassphrase(passphrase);
}

function fromFile(dataDir: string): VaultKeys {
  const fix = 'Restore it from a backup: without it the secrets in the vault cannot be read.';
  return {
    create: async () => ({ key: Buffer.from(await keyFile(dataDir, keyName, fix), 'hex'), source: { kind: 'file' } }),
    async of({ kind }) {
      if (kind !== 'file') throw otherWay('a passphrase', 'Start with MAESTRO_VAULT_PASSPHRASE set.');
      return Buffer.from(await existingKeyFile(dataDir, keyName, fix), 'hex');
    },
  };
}

function fromPassphrase(passphrase: string): VaultKeys {
  const derived = new Map<string, Promise<Buffer>>();
  const derive = (salt: string, cost: number): Promise<Buffer> => {
    const name = `${salt} ${cost}`;
    const known = derived.get(name) ?? scryptKey(passphrase, Buffer.from(salt, 'hex'), cost);
    derived.set(name, known);
    return known;
  };
  return {
    async create() {
      const source = { kind: 'passphrase' as const, cost: scryptCost, salt: randomBytes(saltBytes).toString('hex') };
      return { key: await derive(source.salt, source.cost), source };
    },
    async of(source) {
      if (source.kind !== 'passphrase') throw otherWay('a key file', 'Start without MAESTRO_VAULT_PASSPHRASE.');
      return derive(source.salt, source.cost);
    },
  };
}

const scryptKey = (passphrase: string, salt: Buffer, cost: number): Promise<Buffer> => new Promise((resolve, reject) => {
  scrypt(passphrase, salt, keyBytes, { N: cost, r: 8, p: 1, maxmem: 256 * 8 * cost }, (error, key) => (error === null ? resolve(key) : reject(error)));
});

const otherWay = (what: string, fix: string): MaestroError => new MaestroError('config_error', `The vault was sealed with ${what}.`, { fix });
