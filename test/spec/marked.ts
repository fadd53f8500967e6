/** Documents for tests, with the place that an error has to point at marked by `▸` in the text. */
import { parseDocument, unsupportedFeatures, type DeployDocument } from '../../spec/document/index.js';
import type { Diagnostic } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import type { DigestText } from '../../spec/resolve/environment.js';

const mark = '▸';

export interface Marked { text: string; line: number; column: number }

/** Takes the mark out and says where it was (1-based). */
export function marked(text: string): Marked {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the document has no ${mark}`);
  const lines = text.slice(0, at).split('\n');
  return { text: text.replace(mark, ''), line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

export const parsed = (text: string): DeployDocument => {
  const { document, errors } = parseDocument(text);
  if (document === null) throw new Error(JSON.stringify(errors, null, 1));
  return document;
};

/** Of texts without secrets. */
export const plainDigest: DigestText = (text) => ({ sha256: sha256Hex(text), size: Buffer.byteLength(text) });

export interface Expected { path: string; message: RegExp; fix?: RegExp; code?: Diagnostic['code'] }

/** Exactly one error, in every part as expected; the fix is never empty. */
export function expectOnly(errors: readonly Diagnostic[], { line, column }: Pick<Marked, 'line' | 'column'>, { path, message, fix, code = 'validation_error' }: Expected): void {
  expect(errors.map((error) => ({ code: error.code, path: error.path, line: error.line, column: error.column }))).toEqual([{ code, path, line, column }]);
  const [error] = errors;
  expect(error?.message).toMatch(message);
  expect(error?.suggested_fix).toMatch(fix ?? /\S{2,} \S/);
}

export function expectError(text: string, expected: Expected): void {
  const place = marked(text);
  expectOnly(parseDocument(place.text).errors, place, expected);
}

export function expectUnsupported(text: string, path: string): void {
  const place = marked(text);
  const { document, locate, errors } = parseDocument(place.text);
  expect(errors).toEqual([]);
  if (document !== null) expectOnly(unsupportedFeatures(document, locate), place, { path, message: /not supported yet/, code: 'unsupported_feature' });
}

interface Parts { top?: string; host?: string; source?: string; component?: string; run?: string; binding?: string; after?: string }

/** One component on one host; each part is laid into the place it is named for. */
export const small = ({ top = '', host = '{}', source = 'type: docker, image: nginx', component = '', run = 'type: docker', binding = 'host: h1, components: [web]', after = '' }: Parts = {}): string => `api_version: maestro/v1
project: shop
${top}hosts:
  h1: ${host}
components:
  web:
    source: { ${source} }
${component}    run: { ${run} }
deployment:
  - { ${binding} }
${after}`;

/** The CPU time that work takes, which other processes of a busy machine do not lengthen. */
export function cpuMs(work: () => unknown): number {
  const measured = cpuMsOnce(work);
  // Garbage of earlier tests is collected on this time, too: a long one is measured again.
  return measured < longMs ? measured : Math.min(measured, cpuMsOnce(work));
}

const longMs = 1000;

function cpuMsOnce(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
