/** The code that the server prints when it has no administrator yet: who can read it may make the first one. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { recordAudit } from '../audit/index.js';
import type { Db } from '../database.js';
import { hasCode } from '../key-file.js';
import { needsSetup, refuseSecondSetup } from './users.js';

export interface SetupCode {
  /** What to print; null: it was given by the environment, or there is an administrator. */
  readonly printed: string | null;
  /** Throws `conflict` when there is an administrator, `auth_error` for another code. */
  check(given: string): Promise<void>;
  /** After the first administrator was made. */
  used(): Promise<void>;
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const fileOf = (dataDir: string): string => join(dataDir, 'keys', 'setup-code');
/** People type it: case and separators do not count. */
const folded = (code: string): string => code.toLowerCase().replaceAll(/[^0-9a-z]/g, '');
const sameCode = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(sha256Hex(folded(a))), Buffer.from(sha256Hex(folded(b))));

/** `given`: by the environment, for automation. Otherwise it is in a file beside the keys until it was used; several processes print the same one. */
export async function setupCode(db: Db, dataDir: string, given?: string): Promise<SetupCode> {
  const own = given === undefined && (await needsSetup(db)) ? await ownCode(dataDir) : null;
  const code = given ?? own;
  return {
    printed: own,
    async check(text) {
      await refuseSecondSetup(db);
      if (code !== null && folded(text).length > 0 && sameCode(text, code)) return;
      await recordAudit(db, { actor: { kind: 'system', id: 'anonymous', name: 'anonymous' }, action: 'auth.setup_admin', target: 'unknown', result: 'refused' });
      throw new MaestroError('auth_error', 'The setup code is not right', { fix: 'Read the code that the server has printed at its start, and type it again.' });
    },
    used: () => rm(fileOf(dataDir), { force: true }),
  };
}

/** Written whole under another name, then linked: of racing processes all read the one that was first. */
async function ownCode(dataDir: string): Promise<string> {
  const path = fileOf(dataDir);
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${newCode()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readFile(path, 'utf8')).trim();
}

/** 80 bits. */
function newCode(): string {
  const characters = Array.from(randomBytes(16), (byte) => alphabet[byte & 31]).join('');
  return (characters.match(/.{4}/g) ?? []).join('-');
}
