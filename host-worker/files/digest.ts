/** Digests as the control plane makes them: plain ones, and keyed ones of what holds secrets. */
import { createHmac } from 'node:crypto';
import type { DesiredFile } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Of } from './read-file.js';

export function keyedDigest(bytes: Uint8Array | string, digestKey: string | undefined): string {
  if (digestKey === undefined) throw new MaestroError('internal', 'the control plane sent no key for the digests of secrets', { fix: 'Retry; report it when it comes again.' });
  return createHmac('sha256', Buffer.from(digestKey, 'hex')).update(bytes).digest('hex');
}

/** The digest of what was found at a file's path, in the way the file's own was made. */
export const digestFor = ({ keyed }: Pick<DesiredFile, 'keyed'>, found: { bytes: Buffer; sha256?: string }, digestKey: string | undefined): string =>
  (keyed === true ? keyedDigest(found.bytes, digestKey) : found.sha256 ?? sha256Of(found.bytes));
