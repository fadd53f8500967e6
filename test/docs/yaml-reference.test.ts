/** Every key of the language has a fragment in the reference, and every fragment is right. */
import { findingsOf } from '../../scripts/docs/findings.js';
import { exampleFiles, examples } from '../../scripts/docs/key-examples.js';
import { sectionsOf } from '../../scripts/docs/schema-sections.js';
import { exampleOf } from '../../scripts/docs/yaml-reference-page.js';
import { plainJsonSchema } from '../../spec/document/json-schema.js';

const sections = sectionsOf(plainJsonSchema());
const keys = sections.flatMap(({ title, keys: inSection }) => inSection.map(({ key }) => ({ title, key })));

test('examples are of keys that there are', () => {
  const known = new Map(sections.map(({ title, keys: inSection }) => [title, inSection.map(({ key }) => key)]));
  expect(Object.keys(examples).sort()).toEqual([...known.keys()].sort());
  for (const [title, { required, keys: optional }] of Object.entries(examples)) {
    expect([title, [...new Set([...Object.keys(required), ...Object.keys(optional)])].sort()]).toEqual([title, [...known.get(title) ?? []].sort()]);
  }
});

test.each(keys)('$title $key: the fragment is valid', async ({ title, key }) => {
  const { document } = exampleOf(title, key);
  const { errors, warnings } = await findingsOf(document, exampleFiles);
  const told = warnings.filter(({ code, message }) => code !== 'unsupported_feature' && !/^build is ignored/.test(message));
  expect([...errors, ...told]).toEqual([]);
});
