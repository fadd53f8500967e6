/** Every diagnostic of the documentation is what Maestro says: of the wrong fragment exactly this, of the right one nothing. */
import { badDocument, goodDocument, mark, textOf } from '../../scripts/docs/diagnostics/entry.js';
import { diagnosticEntries } from '../../scripts/docs/diagnostics/index.js';
import { findingsOf } from '../../scripts/docs/findings.js';

const entries = diagnosticEntries.map((entry) => ({ name: entry.name, entry }));
const messageOf = (name: string): RegExp => diagnosticEntries.find((entry) => entry.name === name)?.message ?? /never said/;

test('names are single words of their own, and every wrong fragment has one mark', () => {
  expect(new Set(diagnosticEntries.map(({ name }) => name)).size).toBe(diagnosticEntries.length);
  for (const { name, bad } of diagnosticEntries) expect([name, /^[a-z-]+$/.test(name), textOf(bad).split(mark).length]).toEqual([name, true, 2]);
});

test.each(entries)('$name: the wrong fragment', async ({ entry }) => {
  const { code = 'validation_error', warning = false, path, message, besides, files } = entry;
  const { text, at } = badDocument(entry);
  const { errors, warnings } = await findingsOf(text, files);
  const found = [...errors.map((one) => ({ ...one, warning: false })), ...warnings.map((one) => ({ ...one, warning: true }))]
    .filter((one) => besides === undefined || !messageOf(besides).test(one.message) || message.test(one.message));
  expect(found.map((one) => ({ code: one.code, warning: one.warning, path: one.path, line: one.line, column: one.column }))).toEqual([{ code, warning, path, ...at }]);
  expect(found[0]?.message).toMatch(message);
  expect(found[0]?.suggested_fix).toMatch(/\S{2,} \S|Remove it\./);
});

test.each(entries)('$name: the right fragment', async ({ entry }) => {
  const { errors, warnings } = await findingsOf(goodDocument(entry), entry.files);
  // A key that is right but not supported yet is told as such by entries of its own.
  const told = warnings.filter(({ code }) => entry.code === 'unsupported_feature' || code !== 'unsupported_feature');
  expect([...errors, ...told]).toEqual([]);
});
