/** Diagnostics for people and for machines: always an answer, and the caret under the character that is meant. */
import fc from 'fast-check';
import { diagnostic as apiSchema } from '../../api/schemas/common.js';
import { parseDocument } from '../../spec/document/index.js';
import { diagnosticsJson, renderDiagnostics } from '../../spec/document/render-diagnostics.js';
import { errorCodes, type Diagnostic, type ErrorCode } from '../../spec/errors.js';
import { marked, small } from './marked.js';

const at = (line: number, column: number, rest: Partial<Diagnostic> = {}): Diagnostic => ({ code: 'validation_error', path: 'a.b', line, column, message: 'wrong', suggested_fix: 'Mend it.', ...rest });

test('one finding is its code and message, its place, its line with a caret, and the fix', () => {
  const { text } = marked(small({ component: '    ▸healtcheck: {}\n' }));
  expect(renderDiagnostics(text, parseDocument(text).errors)).toBe([
    'validation_error: unknown key "healtcheck" (did you mean "healthcheck"?)',
    ' --> 8:5 components.web.healtcheck',
    '8 |     healtcheck: {}',
    '  |     ^',
    '  = Write "healthcheck" instead of "healtcheck".',
    '',
  ].join('\n'));
});

test('findings are told one after the other, with an empty line between them', () => {
  expect(renderDiagnostics('a: 1\nb: 2\n', [at(1, 4), at(2, 4)])).toMatch(/1 \| a: 1\n {2}\| {4}\^\n {2}= Mend it\.\n\nvalidation_error: wrong\n --> 2:4 a\.b\n2 \| b: 2\n/);
});

test.each([
  ['of the whole document', at(1, 1, { path: '' }), 'validation_error: wrong\n --> 1:1\n1 | a\n  | ^\n  = Mend it.\n'],
  ['without a place', at(0, 0, { path: 'body.name' }), 'validation_error: wrong\n --> body.name\n  = Mend it.\n'],
  ['beyond the end', at(9, 3), 'validation_error: wrong\n --> 9:3 a.b\n  = Mend it.\n'],
  ['behind the end of its line', at(1, 7), 'validation_error: wrong\n --> 1:7 a.b\n1 | a\n  |  ^\n  = Mend it.\n'],
])('a finding %s', (_, diagnostic, expected) => {
  expect(renderDiagnostics('a\n', [diagnostic])).toBe(expected);
});

test('a byte order mark is no column', () => {
  expect(renderDiagnostics('\uFEFFab', [at(1, 2)])).toContain('1 | ab\n  |  ^\n');
});

test('what would move the cursor or turn a line around is not passed on', () => {
  const rendered = renderDiagnostics('a: "\u001b[2J\u202Ex"\n', [at(1, 12, { message: 'no \u001b]0;x\u0007', path: 'a\nb', suggested_fix: 'Remove \u2028it.' })]);
  expect(rendered.split('\n')).toHaveLength(6);
  expect(rendered).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/);
});

test('of a very long line the part around the column is shown', () => {
  const [, , source = '', caret = ''] = renderDiagnostics(`${'x'.repeat(5000)}!${'y'.repeat(5000)}`, [at(1, 5001)]).split('\n');
  expect(source.length).toBeLessThan(220);
  expect(source.charAt(caret.indexOf('^'))).toBe('!');
});

/** Characters and how wide a terminal shows them; a tab goes on to the next multiple of eight. */
const units: [text: string, width: number][] = [['a', 1], [':', 1], ['é', 1], ['e\u0301', 1], ['世', 2], ['한', 2], ['か', 2], ['ｶ', 1], ['Ａ', 2], ['🚀', 2], ['\t', NaN], ['\u0007', 1], ['ß', 1]];
const columnAfter = (start: number, widths: readonly number[]): number => widths.reduce((column, width) => (Number.isNaN(width) ? (Math.floor(column / 8) + 1) * 8 : column + width), start);

test('the caret stands under its character, whatever is before it and however lines end', () => {
  const line = fc.array(fc.constantFrom(...units), { maxLength: 40 });
  fc.assert(fc.property(line, line, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 0, max: 12 }), (before, after, end, above) => {
    const text = `${`x${end}`.repeat(above)}${before.map(([unit]) => unit).join('')}!${after.map(([unit]) => unit).join('')}${end}`;
    const rows = renderDiagnostics(text, [at(above + 1, before.map(([unit]) => unit).join('').length + 1)]).split('\n');
    const [source = '', caret = ''] = rows.slice(2);
    const margin = `${above + 1} | `.length;
    expect(source).not.toContain('\r');
    const blanks = [...caret.slice(margin, caret.indexOf('^'))].map((blank) => (blank === '\t' ? NaN : 1));
    expect(columnAfter(margin, blanks)).toBe(columnAfter(margin, before.map(([, width]) => width)));
  }));
});

const anything = fc.string({ unit: 'binary', maxLength: 60 });
const diagnostics = fc.array(fc.record({
  code: fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[])), path: anything, message: anything, suggested_fix: anything,
  line: fc.oneof(fc.integer({ min: -2, max: 6 }), fc.constantFrom(NaN, Infinity, 0.5)), column: fc.oneof(fc.integer({ min: -2, max: 90 }), fc.constantFrom(NaN, Infinity, 0.5)),
}), { maxLength: 4 });
const texts = fc.oneof(anything, fc.array(fc.constantFrom('a', '\n', '\r\n', '\t', '🚀', '\uD83D', '\uFEFF'), { maxLength: 400 }).map((parts) => parts.join('')));

test('whatever the text and the findings, there is an answer of whole lines', () => {
  fc.assert(fc.property(texts, diagnostics, (text, found) => {
    const rendered = renderDiagnostics(text, found);
    expect(rendered === '' || rendered.endsWith('\n')).toBe(true);
    expect(rendered.split('\n').length).toBeLessThanOrEqual(found.length * 6 + 1);
  }));
});

test('for machines it is what the API answers: the same keys in the same order, and nothing besides', () => {
  const found = parseDocument(small({ component: '    healtcheck: {}\n', run: 'type: docker, restart: alway' })).errors;
  const [first, ...rest]: unknown[] = JSON.parse(diagnosticsJson([{ ...found[0], extra: 1 } as Diagnostic, ...found.slice(1)])) as unknown[];
  expect([first, ...rest]).toEqual(found);
  expect(Object.keys(first as object)).toEqual(['code', 'path', 'line', 'column', 'message', 'suggested_fix']);
  for (const one of [first, ...rest]) expect(apiSchema.strict().parse(one)).toEqual(one);
});
