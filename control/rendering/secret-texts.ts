/** Rendered texts and the secrets in them: digests while it is decided, values when a host asks. */
import { createHmac, randomBytes } from 'node:crypto';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import type { DigestText } from '../../spec/resolve/environment.js';
import { mapMarks, marksIn, mayHoldMark, type SecretForm } from '../../spec/secrets/marks.js';
import { quoteInEnvironmentFile } from '../../spec/systemd-unit.js';

/** The secrets that a version may use, by path, each in the version that it uses. */
export type SecretVersions = ReadonlyMap<string, { version: number; value: string }>;

export const noSecrets: SecretVersions = new Map();

/** In every mark of this process. */
export const markNonce = randomBytes(16).toString('hex');

const written: Record<SecretForm, (value: string) => string> = {
  urlencode: encodeURIComponent,
  json: (value) => JSON.stringify(value).slice(1, -1),
  environment_file: quoteInEnvironmentFile,
};

/** True when something of the text looks like a mark, and is not a whole one that this process has made. */
export const hasForeignMark = (text: string): boolean => mayHoldMark(mapMarks(text, ({ nonce }, original) => (nonce === markNonce ? '' : original)));

/** Throws `not_found` for a secret that is gone since. */
export function withValues(text: string, secrets: SecretVersions): string {
  return mapMarks(text, ({ nonce, path, forms }) => {
    const secret = nonce === markNonce ? secrets.get(path) : undefined;
    if (secret === undefined) throw new MaestroError('not_found', `the secret "${path}" is not in the vault any more`, { fix: `Set ${path} again, and submit the deploy as a new version.`, details: { secret: path } });
    return forms.reduce((value, form) => written[form](value), secret.value);
  });
}

export const secretsIn = (text: string): string[] => [...new Set(marksIn(text).map(({ path }) => path))];

export const digestKeyOf = (key: string, deployId: string, host: string): string => createHmac('sha256', key).update(`${deployId}\n${host}`).digest('hex');

/** A digest for texts of one host. A text with secrets gets one under the host's key; `keep` is told of every text, with its marks. */
export function digester(secrets: SecretVersions, digestKey: string, keep: (digest: string, text: string) => void): DigestText {
  return (text) => {
    const secret = mayHoldMark(text);
    // What is missing is an error of its own; the digest is of no use then.
    const full = secret && marksIn(text).every(({ nonce, path }) => nonce === markNonce && secrets.has(path)) ? withValues(text, secrets) : text;
    const sha256 = secret ? createHmac('sha256', Buffer.from(digestKey, 'hex')).update(full).digest('hex') : sha256Hex(full);
    keep(sha256, text);
    return { sha256, size: Buffer.byteLength(full), ...(secret ? { keyed: true } : {}) };
  };
}
