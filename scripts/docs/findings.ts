/** What validation says of a document of the documentation and the files beside it. */
import { bundleContents } from '../../control/documents/contents.js';
import { validateBundle } from '../../control/documents/validate.js';
import { noSources } from '../../control/rendering/credentials.js';
import type { Diagnostic } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';

/** The one that examples may name. */
const artifact = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export type Files = Readonly<Record<string, string>>;

const secrets = { ...noSources, vault: new Map([['db/password', 'of the examples'], ['git/token', 'of-the-examples'], ['registry/login', 'examples:of-the-examples'], ['registry/bound', '{"username": "examples", "password": "of-the-examples", "origin": "registry.example.com"}']].map(([path = '', value = '']) => [path, { version: 1, value }])) };

export interface Findings { errors: Diagnostic[]; warnings: Diagnostic[] }

export async function findingsOf(text: string, files: Files = {}): Promise<Findings> {
  const entries = Object.entries(files).map(([path, content]) => ({ path, sha256: sha256Hex(content), size: Buffer.byteLength(content), mode: 0o644 }));
  const contents = await bundleContents({ files: entries, read: (path) => Promise.resolve(Buffer.from(files[path] ?? '')) });
  const { errors, warnings } = await validateBundle(text, contents, { secrets, artifacts: (sha256s) => Promise.resolve(new Map(sha256s.filter((sha256) => sha256 === artifact).map((sha256) => [sha256, 7]))) });
  return { errors, warnings };
}
