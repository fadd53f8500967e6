/** Values → YAML as the recipes are written: maps as blocks, lists of names and ports on one line, versions and ports in quotes. */
import { Document, isMap, isScalar, Scalar, visit, type ToStringOptions } from 'yaml';
import type { Plain } from './section.js';

const writing: ToStringOptions = { flowCollectionPadding: false, lineWidth: 0, blockQuote: false, indentSeq: true };
const quoted: readonly string[] = ['tag', 'ports', 'volumes'];
const onOneLine: readonly string[] = ['ports', 'volumes', 'components', 'depends_on', 'hosts'];

export function yamlText(value: Plain): string {
  const document = new Document(value, { version: '1.2', schema: 'core' });
  visit(document, {
    Pair(_, { key, value: node }) {
      const name = isScalar(key) ? String(key.value) : '';
      if (onOneLine.includes(name) && node instanceof Object && 'items' in node && !isMap(node)) Object.assign(node, { flow: true });
      if (quoted.includes(name)) visit(node as never, { Scalar(_key, scalar) { if (typeof scalar.value === 'string') scalar.type = Scalar.QUOTE_DOUBLE; } });
    },
  });
  return document.toString(writing).trimEnd();
}

/** One line, for a place inside of brackets; strings in the way that `like` was written. */
export function flowText(value: Plain, like?: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : `{ ${Object.entries(value).map(([key, item]) => `${flowText(key)}: ${flowText(item, quoted.includes(key) ? 'QUOTE_DOUBLE' : undefined)}`).join(', ')} }`;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (like === 'QUOTE_DOUBLE') return JSON.stringify(value);
  if (like === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`;
  // Plain where it reads the same anywhere, also between brackets.
  const text = new Document([value], { version: '1.2', schema: 'core' });
  if (text.contents !== null) Object.assign(text.contents, { flow: true });
  return text.toString(writing).trimEnd().slice(1, -1);
}
