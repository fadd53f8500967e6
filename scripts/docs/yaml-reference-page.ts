/** docs/yaml-reference.md: every key with its type, default and meaning, and a fragment that shows it. */
import type { Diagnostic } from '../../spec/errors.js';
import { plainJsonSchema } from '../../spec/document/json-schema.js';
import { findingsOf } from './findings.js';
import { exampleFiles, examples, type Examples } from './key-examples.js';
import { code, generated, plain, table } from './markdown.js';
import { sectionsOf, type ReferenceKey, type Section } from './schema-sections.js';

const introduction = `# YAML reference

Every key of a deploy document (\`maestro/v1\`), map by map. The same as JSON Schema, for editors, is in
[deployment.schema.json](deployment.schema.json) and at \`GET /api/schema/deployment.json\`. What Maestro says of a document that
is not right is in [diagnostics.md](diagnostics.md).

- A **duration** is written \`500ms\`, \`10s\`, \`2m\`, \`1h30m\`; a bare number is seconds. At most 24 days.
- A **file mode** is octal however it is written: \`0640\`, \`"0640"\`, \`0o640\` and \`640\` are the same.
- A **fraction** is a number above 0 and at most 1, or a percentage such as \`20%\`.
- An **amount of memory** is written \`512m\`, \`1.5g\`, or in bytes.
- An **id** has lower-case letters, digits, \`.\`, \`_\` and \`-\`, starts with a letter or digit, and has at most 63 characters.
- A **text** in \`source\`, \`build\`, \`config\`, \`run\`, \`healthcheck\` and \`tests\` may have expressions: \`{{ hosts['db-01'].address }}\`.
- Keys marked † are read and checked, but not acted on yet, or not with this value: apply refuses a document that asks for it.

`;

export async function yamlReferencePage(): Promise<string> {
  const parts: string[] = [];
  for (const section of sectionsOf(plainJsonSchema())) parts.push(await chapter(section));
  return `${generated('the schemas in spec/document')}${introduction}${parts.join('\n')}`;
}

async function chapter({ title, keys }: Section): Promise<string> {
  const rows: string[][] = [];
  for (const key of keys) rows.push(await row(title, key));
  return `## ${title === '' ? 'The document' : code(title)}\n\n${table(['key', 'type', 'default', 'meaning', 'for example'], rows)}`;
}

async function row(title: string, { key, type, required, fallback, meaning }: ReferenceKey): Promise<string[]> {
  const example = exampleOf(title, key);
  const { warnings } = await findingsOf(example.document, exampleFiles);
  const mark = isUnsupported(warnings, placeOf(title, key)) ? ' †' : '';
  const otherwise = fallback === '' ? '' : code(fallback);
  return [`${code(key)}${mark}`, plain(type), required ? '**required**' : otherwise, plain(meaning), code(`${key}: ${example.value}`)];
}

/** Where the key stands in the document of its example. */
const placeOf = (title: string, key: string): string =>
  `${title.replace(/ .*/, '').replace('hosts.<id>', 'hosts.h1').replace('<id>', 'web').replace('<name>', 'smoke').replaceAll('[]', '[0]')}.${key}`.replace(/^\./, '');

/** The key itself, or the whole map that it stands in. */
const isUnsupported = (warnings: readonly Diagnostic[], place: string): boolean =>
  warnings.some(({ code: found, path }) => found === 'unsupported_feature' && (place === path || place.startsWith(`${path}.`) || place.startsWith(`${path}[`)));

export interface KeyExample { value: string; document: string }

/** The fragment of a key, and the whole document that shows it. Throws when there is none. */
export function exampleOf(title: string, key: string): KeyExample {
  const found: Examples | undefined = examples[title];
  const value = found?.keys[key] ?? found?.required[key];
  if (found === undefined || value === undefined) throw new Error(`scripts/docs/key-examples.ts has no example of ${key} in "${title}"`);
  return { value, document: found.around({ ...found.required, [key]: value }) };
}
