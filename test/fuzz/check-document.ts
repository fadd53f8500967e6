/** One document through the language: read, ordered, and, where asked, validated whole with its templates rendered. */
import { validateBundle, type BundleContents } from '../../control/documents/validate.js';
import { parseDocument, type ParsedDocument } from '../../spec/document/index.js';
import { documentGraph, graphCycle } from '../../spec/graph.js';
import { sha256Hex } from '../../spec/hash.js';
import { answered, brokenPromises, leaks } from './guarantees.js';

export interface Checked { accepted: boolean; ms: number; broken: string[] }

const texts = { 'configs/api.env.j2': 'HOST={{ DB_HOST }}\n', 'app.conf.j2': '{{ vars.NAME }} {{ host_id }}\n', 't.j2': '{{ component_id }}\n', 'one.txt': 'one', 'static/index.html': '<p>', 'static/a/b': 'b' };
const bundle: BundleContents = {
  texts, entries: Object.entries(texts).map(([path, text]) => ({ path, sha256: sha256Hex(text), size: text.length, mode: 0o644 })),
};

export async function checkDocument(text: string, whole: boolean): Promise<Checked> {
  const { answer, ms, broken } = await answered(async () => readAndOrdered(text));
  if (answer === null) return { accepted: false, ms, broken };
  const { document, errors, warnings } = answer;
  if ((document === null) !== (errors.length > 0)) broken.push(`${errors.length} errors, and ${document === null ? 'no' : 'a'} document`);
  broken.push(...brokenPromises(text, [...errors, ...warnings]));
  if (document === null || !whole) return { accepted: document !== null, ms, broken };
  const validated = await checkWhole(text);
  return { accepted: true, ms: Math.max(ms, validated.ms), broken: [...broken, ...validated.broken] };
}

function readAndOrdered(text: string): ParsedDocument {
  const parsed = parseDocument(text);
  if (parsed.document !== null) graphCycle(documentGraph(parsed.document));
  return parsed;
}

async function checkWhole(text: string): Promise<{ ms: number; broken: string[] }> {
  const { answer, ms, broken } = await answered(() => validateBundle(text, bundle, { deployId: 'dpl_1', version: 1, env: { REGION: 'eu' } }));
  if (answer === null) return { ms, broken };
  if (answer.ok !== (answer.errors.length === 0)) broken.push('ok and errors disagree');
  if (leaks(JSON.stringify(answer.rendered?.placements ?? [])) && !leaks(text)) broken.push('the inside of the control plane was rendered');
  return { ms, broken: [...broken, ...brokenPromises(text, [...answer.errors, ...answer.warnings])] };
}
