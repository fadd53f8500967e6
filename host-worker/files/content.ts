/** The bytes of a file as the control plane sent them, checked against the hash it announced. */
import { MaestroError } from '../../spec/errors.js';
import { digestFor } from './digest.js';

export function contentOf(file: { path: string; sha256: string; keyed?: true; content?: string }, digestKey?: string): Buffer {
  if (file.content === undefined) throw new MaestroError('internal', `the control plane sent no content for ${file.path}`, { fix: 'Retry; report it when it comes again.' });
  const bytes = Buffer.from(file.content, 'base64');
  if (digestFor(file, { bytes }, digestKey) === file.sha256) return bytes;
  throw new MaestroError('fetch_failed', `the content of ${file.path} does not have the hash that was announced`, { fix: 'Retry the placement.', details: { path: file.path } });
}
