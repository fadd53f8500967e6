/** Documents of stored versions, read once: a version never changes, and a diff and the apply after it read the same one. */
import { parseDocument, type DeployDocument, type ParsedDocument } from '../../spec/document/index.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';

type Read = Pick<ParsedDocument, 'document' | 'errors'>;

const kept = new Map<string, Read>();
const keptMax = 20;

function read(yaml: string): Read {
  const key = sha256Hex(yaml);
  const known = kept.get(key);
  if (known) return known;
  const { document, errors } = parseDocument(yaml);
  kept.set(key, { document, errors });
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - keptMax))) kept.delete(oldest);
  return { document, errors };
}

/** A stored version was parsed before it was stored; it fails only when the language itself has changed since. */
export function storedDocument(yaml: string, name: string): DeployDocument {
  const { document, errors } = read(yaml);
  if (document) return document;
  throw new MaestroError('validation_error', `${name} cannot be read by this version of Maestro.`, { fix: 'Submit it again as a new version with the errors corrected.', errors });
}

/** For views, which show the rest of a version that cannot be read. */
export const readableDocument = (yaml: string): DeployDocument | null => read(yaml).document;
