/**
 * Bytes under a key, with everything that is needed to open them again but the key. One header line of JSON, then
 * AES-256-GCM: the header is authenticated too, so that a changed bit anywhere is found.
 *
 *   {"format":"maestro-vault","version":1,"key":{…},"check":"…","nonce":"…"}\n<ciphertext><tag>
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';

/** How the key is come by again. Costs are bounded, so that a forged header cannot make us work for hours. */
export const keySource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file') }),
  z.strictObject({ kind: z.literal('passphrase'), cost: z.int().min(1 << 14).max(1 << 18).refine((cost) => (cost & (cost - 1)) === 0), salt: z.string().regex(/^[0-9a-f]{32}$/) }),
]);
export type KeySource = z.infer<typeof keySource>;

const header = z.strictObject({
  format: z.literal('maestro-vault'), version: z.literal(1), key: keySource,
  check: z.string().regex(/^[0-9a-f]{32}$/), nonce: z.string().regex(/^[0-9a-f]{24}$/),
});

const headerBytesMax = 1024;
const tagBytes = 16;
const cipher = 'aes-256-gcm';

/** Tells a wrong key from damage, and says nothing of the key. */
const checkOf = (key: Buffer): string => createHmac('sha256', key).update('maestro-vault key check').digest('hex').slice(0, 32);

export function seal(plain: Buffer, key: Buffer, source: KeySource): Buffer {
  const nonce = randomBytes(12);
  const line = Buffer.from(`${JSON.stringify({ format: 'maestro-vault', version: 1, key: source, check: checkOf(key), nonce: nonce.toString('hex') })}\n`);
  const sealing = createCipheriv(cipher, key, nonce).setAAD(line);
  return Buffer.concat([line, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
}

export interface Sealed { source: KeySource; open(key: Buffer): Buffer }

/** Reads the header. Throws `config_error` for what is no whole vault; `open` does for a wrong key and for damage. */
export function readSealed(bytes: Buffer, name: string): Sealed {
  const end = bytes.subarray(0, headerBytesMax).indexOf('\n') + 1;
  const parsed = end === 0 ? undefined : header.safeParse(jsonOf(bytes.subarray(0, end)));
  if (parsed?.success !== true || bytes.length < end + tagBytes) throw damaged(name);
  const { key: source, check, nonce } = parsed.data;
  return {
    source,
    open(key) {
      if (!timingSafeEqual(Buffer.from(checkOf(key)), Buffer.from(check))) throw wrongKey(name, source);
      try {
        const opening = createDecipheriv(cipher, key, Buffer.from(nonce, 'hex')).setAAD(bytes.subarray(0, end)).setAuthTag(bytes.subarray(-tagBytes));
        return Buffer.concat([opening.update(bytes.subarray(end, -tagBytes)), opening.final()]);
      } catch {
        throw damaged(name);
      }
    },
  };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

const damaged = (name: string): MaestroError => new MaestroError('config_error', `The vault ${name} is damaged or not a whole file; it was left as it is.`, {
  fix: `Restore ${name} from a backup.`, details: { vault: name },
});

const wrongKey = (name: string, { kind }: KeySource): MaestroError => new MaestroError('config_error', `The vault ${name} does not open with this ${kind === 'file' ? 'key file' : 'passphrase'}; it was left as it is.`, {
  fix: kind === 'file' ? 'Restore the key file that the vault was made with, together with the vault.' : 'Start with the MAESTRO_VAULT_PASSPHRASE that the vault was made with.', details: { vault: name },
});
