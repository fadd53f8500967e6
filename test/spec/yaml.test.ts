/** Reading YAML 1.2: what is refused and where, and what keeps its text. */
import { parseDocument } from '../../spec/document/index.js';
import { maxDocumentBytes } from '../../spec/document/read-yaml.js';
import { expectError, expectOnly, marked, parsed, small } from './marked.js';

const message = (text: string): string => parseDocument(text).errors[0]?.message ?? 'no error';

describe('broken YAML is refused at the line and column that is wrong', () => {
  const cases: [name: string, text: string, message: RegExp][] = [
    ['a tab as indentation', 'project: shop\nhosts:\n▸\th1: {}\n', /tab/i],
    ['a quote that is never closed', 'project: "shop▸', /closing/],
    ['an unclosed bracket', 'hosts: [a, b▸', /\]/],
    ['two colons in a line', 'project: ▸a: b\n', /mappings/i],
    ['a key that stands too far left', 'a:\n  b: 1\n▸ c: 2\n', /indent|column/i],
    ['a tag that means nothing here', 'project: ▸!vault shop\n', /!vault/],
    ['a second document', 'project: shop\n▸---\na: 1\n', /second YAML document/],
  ];
  test.each(cases)('%s', (_, text, expected) => {
    const place = marked(text);
    expectOnly(parseDocument(place.text).errors, place, { path: '', message: expected });
  });
  test('an alias of nothing', () => {
    expectError('a: ▸*nowhere\n', { path: 'a', message: /no &nowhere/, fix: /&nowhere/ });
  });

  test('the column counts from 1 and a byte order mark is not a column', () => {
    expect(parseDocument('\uFEFFprojekt: 1\n').errors.find(({ path }) => path === 'projekt')).toMatchObject({ line: 1, column: 1 });
  });
  test('lines that end in CR LF are counted once', () => {
    expect(parseDocument('api_version: maestro/v1\r\nprojekt: 1\r\n').errors.find(({ path }) => path === 'projekt')).toMatchObject({ line: 2, column: 1 });
  });
  test.each(['', '\n\n', '# nothing but a comment\n', '---\n'])('the empty document %j is one error about a map', (text) => {
    expect(parseDocument(text)).toMatchObject({ document: null, errors: [{ message: expect.stringContaining('expected a map') as string, line: 1 }] });
  });
});

describe('structure', () => {
  test('a key written twice is an error at the second one, whatever its spelling', () => {
    expectError(small({ host: '{ user: a, ▸"user": b }' }), { path: 'hosts.h1.user', message: /written twice/ });
  });
  test('a key that is no text is an error', () => {
    expectError('api_version: maestro/v1\n▸[a, b]: 1\n', { path: '', message: /plain text/ });
  });
  test('the merge key of YAML 1.1 is refused and the fix names defaults', () => {
    expectError('a: &a { x: 1 }\nb:\n  ▸<<: *a\n', { path: 'b.<<', message: /no merge keys/, fix: /defaults/ });
  });
  test('64 levels are read, 65 are refused where the 65th begins', () => {
    const nested = (levels: number): string => `${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}`;
    expect(message(`a: ${nested(64)}`)).not.toMatch(/nested/);
    expect(parseDocument(`a: ${nested(65)}`).errors).toEqual([expect.objectContaining({ message: 'the document is nested deeper than 64 levels', line: 1, column: 68 })]);
    expect(message(Array.from({ length: 65 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'))).toMatch(/nested deeper/);
  });
  test('an earlier mistake is told instead of the depth that it leads to', () => {
    expect(message('a: b: c\n'.repeat(70))).toMatch(/not valid YAML/);
  });
  test('1 MiB is read, a byte more is refused, counted in bytes and not in characters', () => {
    const text = 'project: ';
    expect(message(text + 'x'.repeat(maxDocumentBytes - text.length))).not.toMatch(/1 MiB/);
    expect(message(text + 'x'.repeat(maxDocumentBytes - text.length + 1))).toMatch(/larger than 1 MiB/);
    expect(message(text + 'é'.repeat(maxDocumentBytes / 2))).toMatch(/larger than 1 MiB/);
  });
});

describe('aliases', () => {
  test('give the value they stand for', () => {
    const document = parsed(small({ component: '    config: { vars: { a: &list [1, 2], b: *list } }\n' }));
    expect(document.components['web']?.config.vars).toEqual({ a: [1, 2], b: [1, 2] });
  });
  test('more than 100 of them are refused, at the one too many', () => {
    expect(message(`a: &x 1\nb: [${Array(100).fill('*x').join(', ')}]\n`)).not.toMatch(/aliases/);
    expect(message(`a: &x 1\nb: [${Array(101).fill('*x').join(', ')}]\n`)).toMatch(/more than 100 aliases/);
  });
  test('that multiply to more than 100,000 values are refused before they are written out', () => {
    const level = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]\n`;
    expect(message(`a: &a [${Array(20).fill('x').join(', ')}]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}`)).toMatch(/more than 100000 values/);
  });
  test('that refer to what they stand in are refused', () => {
    expectError('a: &a\n  b: ▸*a\n', { path: 'a.b', message: /inside of what it refers to/ });
  });
});

describe('the text as written is kept where its spelling matters', () => {
  const values = parsed(small({
    source: 'type: docker, image: nginx, tag: 1.10', run: 'type: docker, env: { PORT: 080, RATE: 1.50, BIG: 12345678901234567890, ON: yes, OFF: false, HEX: 0x1F, TILDE: "~" }',
    component: '    config: { vars: { mode: false, tag: 1.10, env: { A: 7 }, number: 010 } }\n',
  })).components['web'];

  test('a tag of 1.10 is not 1.1', () => {
    expect(values?.source).toMatchObject({ tag: '1.10' });
  });
  test('numbers and booleans in an environment', () => {
    expect(values?.run.env).toEqual({ PORT: '080', RATE: '1.50', BIG: '12345678901234567890', ON: 'yes', OFF: 'false', HEX: '0x1F', TILDE: '~' });
  });
  test('but a variable keeps its type, whatever it is called', () => {
    expect(values?.config.vars).toEqual({ mode: false, tag: 1.1, env: { A: 7 }, number: 10 });
  });
  test('an id of digits is text, and 1.10 is another host than 1.1', () => {
    const document = parsed('{api_version: maestro/v1, project: p, hosts: {1.10: {}, 1.1: {}}, components: {007: {run: {type: docker, image: x}}}, deployment: [{host: "1.10", components: ["007"]}]}');
    expect([Object.keys(document.hosts).sort(), Object.keys(document.components)]).toEqual([['1.1', '1.10'], ['007']]);
  });
  test('an alias of an octal number is octal text as well', () => {
    const document = parsed(small({ component: '    config: { vars: { m: &m 0o640 }, templates: [{ source: a, dest: /a, mode: *m }] }\n' }));
    expect(document.components['web']?.config.templates[0]?.mode).toBe(0o640);
  });
  test('%YAML 1.1 does not bring back its booleans and octal numbers', () => {
    const document = parsed(`%YAML 1.1\n---\n${small({ run: 'type: docker, restart: no, env: { A: 0640 }' })}`);
    expect(document.components['web']?.run).toMatchObject({ restart: 'no', env: { A: '0640' } });
  });
});
