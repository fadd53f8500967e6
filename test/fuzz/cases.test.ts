/** The fuzz itself: its cases can be made again, and reach all of the language. */
import { parseDocument } from '../../spec/document/index.js';
import { documentSchema } from '../../spec/document/schema.js';
import { kinds, textOf } from './batch.js';
import { brokenPromises, leaks } from './guarantees.js';
import { everyKey, seedDocuments } from './seed-documents.js';

test.each(kinds)('%s are made from the seed and the number alone', (kind) => {
  const made = (seed: number): string[] => Array.from({ length: 50 }, (_, index) => textOf({ kind, seed }, index));
  expect(made(1)).toEqual(made(1));
  expect(new Set([...made(1), ...made(2)]).size).toBeGreaterThan(80);
});

test('the documents it starts from are right', () => {
  for (const text of seedDocuments) expect(parseDocument(text).errors).toEqual([]);
});

test('one of them uses every key of the schema', () => {
  const keys = new Set<string>();
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null || !('def' in schema) || typeof schema.def !== 'object' || schema.def === null) return;
    const { shape = {}, options = [], ...rest } = schema.def as { shape?: object; options?: unknown[] };
    Object.keys(shape).forEach((key) => keys.add(key));
    [...Object.values(shape), ...options, ...Object.values(rest)].forEach(collect);
  };
  collect(documentSchema);
  expect(keys.size).toBeGreaterThan(80);
  expect([...keys].filter((key) => !new RegExp(`\\b${key}:`).test(everyKey))).toEqual([]);
});

test('a promise that is not kept is found', () => {
  const kept = { code: 'validation_error' as const, path: 'a', line: 1, column: 1, message: 'it is wrong', suggested_fix: 'Correct it.' };
  expect(brokenPromises('a: 1', [kept])).toEqual([]);
  for (const wrong of [{ line: 0 }, { line: 2 }, { column: 0 }, { column: 9 }, { message: '' }, { message: 'x is undefined' }, { suggested_fix: '' }, { message: 'TypeError\n    at f (/app/spec/a.js:1:2)' }]) {
    expect(brokenPromises('a: 1', [{ ...kept, ...wrong }])).toHaveLength(1);
  }
  expect([leaks('it is wrong'), leaks('in node_modules/yaml')]).toEqual([false, true]);
});
