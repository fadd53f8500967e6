/** The JSON Schema beside the documents of the documentation: what is right fits it, and what is wrong with keys and values does not. */
import Ajv2020 from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { badDocument, goodDocument } from '../../scripts/docs/diagnostics/entry.js';
import { diagnosticEntries } from '../../scripts/docs/diagnostics/index.js';
import { shapeEntries } from '../../scripts/docs/diagnostics/shape.js';
import { examples } from '../../scripts/docs/key-examples.js';
import { exampleOf } from '../../scripts/docs/yaml-reference-page.js';
import { documentJsonSchema } from '../../spec/document/json-schema.js';

const validate = new Ajv2020.default({ strict: false }).compile(documentJsonSchema());
const fits = (text: string): [boolean, unknown] => [validate(parse(text)), validate.errors];

test.each(diagnosticEntries.map((entry) => ({ name: entry.name, entry })))('$name: the right fragment fits', ({ entry }) => {
  expect(fits(goodDocument(entry))).toEqual([true, null]);
});

test.each(Object.entries(examples).flatMap(([title, { required, keys }]) => Object.keys({ ...required, ...keys }).map((key) => ({ title, key }))))('$title $key: the fragment fits', ({ title, key }) => {
  expect(fits(exampleOf(title, key).document)).toEqual([true, null]);
});

/** A schema does not see how a number was written, nor what is inside of a text. */
const unseen = new Set(['control-characters', 'more-than-one-line', 'name-too-long', 'no-time-at-all', 'not-a-file-mode']);

test.each(shapeEntries.filter(({ name }) => !unseen.has(name)).map((entry) => ({ name: entry.name, entry })))('$name: the wrong fragment does not fit', ({ entry }) => {
  expect(fits(badDocument(entry).text)[0]).toBe(false);
});
