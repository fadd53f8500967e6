/** What is wrong with a document is said all at once, at its path, line and column, with the fix. */
import { readFile, readdir } from 'node:fs/promises';
import { parseDocument } from '../../spec/document/index.js';
import type { Diagnostic } from '../../spec/errors.js';

const base = `api_version: maestro/v1
project: shop
hosts:
  a: { address: 10.0.0.1 }
  b: { address: 10.0.0.2, tags: [web] }
components:
  db:
    source: { type: docker, image: postgres }
    run: { type: docker }
  api:
    source: { type: docker, image: api }
    run: { type: docker }
    depends_on: [db]
deployment:
  - { host: a, components: [db, api] }
  - { tags: [web], components: [api] }
`;

const errorsOf = (text: string): Diagnostic[] => parseDocument(text).errors;
const first = (text: string): Pick<Diagnostic, 'path' | 'line' | 'column'> & { message: string } => {
  const [error] = errorsOf(text);
  if (error === undefined) throw new Error('no error was found');
  const { path, line, column, message } = error;
  return { path, line, column, message };
};

test('the recipes of the guide are accepted without an error or a warning', async () => {
  const folder = new URL('../recipes/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
  expect(files).toHaveLength(4);
  for (const file of files) {
    const { document, errors, warnings } = parseDocument(await readFile(new URL(file, folder), 'utf8'));
    expect({ file, errors, warnings, read: document !== null }).toEqual({ file, errors: [], warnings: [], read: true });
  }
});

test('the document the other tests bend is itself right', () => {
  expect(errorsOf(base)).toEqual([]);
});

describe('each kind of mistake is found where it stands', () => {
  const cases: [name: string, text: string, expected: { path: string; line: number; column: number; message: RegExp }][] = [
    ['an unknown key, with the nearest known one', base.replace('image: api', 'image: api, tagg: x'), { path: 'components.api.source.tagg', line: 11, column: 41, message: /did you mean "tag"/ }],
    ['a missing required key', base.replace('project: shop\n', ''), { path: 'project', line: 1, column: 1, message: /missing/ }],
    ['a wrong api version', base.replace('maestro/v1', 'maestro/v2'), { path: 'api_version', line: 1, column: 14, message: /maestro\/v1/ }],
    ['an unknown host', base.replace('host: a,', 'host: aa,'), { path: 'deployment[0].host', line: 15, column: 13, message: /did you mean "a"/ }],
    ['an unknown component in a binding', base.replace('components: [db, api]', 'components: [db, apj]'), { path: 'deployment[0].components[1]', line: 15, column: 33, message: /did you mean "api"/ }],
    ['an unknown dependency', base.replace('depends_on: [db]', 'depends_on: [dbb]'), { path: 'components.api.depends_on[0]', line: 13, column: 18, message: /no component "dbb"/ }],
    ['an unknown run type', base.replace('    run: { type: docker }\n    depends_on', '    run: { type: podman }\n    depends_on'), { path: 'components.api.run.type', line: 12, column: 18, message: /known types/ }],
    ['a docker source that is to run as a unit', base.replace('    run: { type: docker }\n    depends_on', '    run: { type: systemd, command: /bin/true }\n    depends_on'), { path: 'components.api.run.type', line: 12, column: 18, message: /docker source needs/ }],
    ['the same placement twice', base.replace('tags: [web], components', 'host: a, components'), { path: 'deployment[1].components[0]', line: 16, column: 29, message: /twice/ }],
    ['a tag nobody has', base.replace('tags: [web], components', 'tags: [wep], components'), { path: 'deployment[1].tags', line: 16, column: 13, message: /no host has the tags/ }],
    ['a binding without hosts', base.replace('tags: [web], components', 'components'), { path: 'deployment[1]', line: 16, column: 5, message: /exactly one way/ }],
    ['a key written twice', base.replace('project: shop', 'project: shop\nproject: shop'), { path: 'project', line: 3, column: 1, message: /twice/ }],
  ];
  test.each(cases)('%s', (_, text, { path, line, column, message }) => {
    const found = first(text);
    expect({ path: found.path, line: found.line, column: found.column }).toEqual({ path, line, column });
    expect(found.message).toMatch(message);
  });
});

test('broken YAML names its line', () => {
  expect(first('project: "never closed\nhosts: {}\n').line).toBeGreaterThanOrEqual(1);
  expect(first('a: b\n  c: d\n')).toMatchObject({ line: expect.any(Number) as number, message: expect.stringMatching(/YAML/) as string });
});

test('every error comes at once, and each has a code and a fix', () => {
  const errors = errorsOf(base.replace('image: api', 'imagee: api').replace('address: 10.0.0.1', 'adress: 10.0.0.1').replace('shop', '12'));
  expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining(['components.api.source.imagee', 'hosts.a.adress', 'project']));
  for (const { code, suggested_fix: fix } of errors) expect({ code, hasFix: fix.length > 5 }).toEqual({ code: 'validation_error', hasFix: true });
});

test('a circle of components is printed whole', () => {
  const text = base.replace('    run: { type: docker }\n  api', '    run: { type: docker }\n    depends_on: [api]\n  api');
  expect(first(text).message).toMatch(/db → api → db|api → db → api/);
});

test('a circle of hosts is printed whole', () => {
  const text = base.replace('components: [db, api] }', 'components: [db, api], depends_on_hosts: [b] }').replace('tags: [web], components: [api] }', 'tags: [web], components: [api], depends_on_hosts: [a] }');
  expect(first(text).message).toMatch(/a → b → a|b → a → b/);
});

test('a component that is placed nowhere is a warning, not an error', () => {
  const { errors, warnings } = parseDocument(`${base}`.replace('components:\n', 'components:\n  spare: { run: { type: docker, image: x } }\n'));
  expect(errors).toEqual([]);
  expect(warnings.map(({ path }) => path)).toEqual(['components.spare']);
});

describe('spellings', () => {
  const withTemplate = (mode: string): string => base.replace('image: api }', `image: api }\n    config: { templates: [{ source: a.j2, dest: /etc/a, mode: ${mode} }] }`);
  const modeOf = (mode: string): number | undefined => parseDocument(withTemplate(mode)).document?.components['api']?.config.templates[0]?.mode;

  test.each(['0640', '"0640"', '0o640', '"640"', '640'])('the mode %s is rw-r-----', (mode) => {
    expect(modeOf(mode)).toBe(0o640);
  });
  test.each(['0689', '010000', '"rw"', '-640'])('the mode %s is refused where it stands', (mode) => {
    expect(first(withTemplate(mode))).toMatchObject({ path: 'components.api.config.templates[0].mode', line: 12 });
  });
  test('restart: no is the word no', () => {
    const run = parseDocument(base.replace('    run: { type: docker }\n    depends_on', '    run: { type: docker, restart: no }\n    depends_on')).document?.components['api']?.run;
    expect(run).toMatchObject({ restart: 'no' });
  });
  test('a tag and an environment number keep their text', () => {
    const { document } = parseDocument(base.replace('image: api }', 'image: api, tag: 1.10 }').replace('    run: { type: docker }\n    depends_on', '    run: { type: docker, env: { PORT: 8080, RATE: 1.50, ON: true } }\n    depends_on'));
    expect(document?.components['api']?.source).toMatchObject({ tag: '1.10' });
    expect(document?.components['api']?.run.env).toEqual({ PORT: '8080', RATE: '1.50', ON: 'true' });
  });
  test.each([['500ms', 500], ['10s', 10_000], ['2m', 120_000], ['1h30m', 5_400_000], ['7', 7000]])('the duration %s is %d ms', (text, ms) => {
    const check = parseDocument(base.replace('image: api }', `image: api }\n    healthcheck: { type: tcp, port: 1, interval: ${text} }`)).document?.components['api']?.healthcheck;
    expect(check?.interval).toBe(ms);
  });
});

describe('defaults', () => {
  test('are merged under what an entry says itself; lists replace', () => {
    const { document, errors } = parseDocument(base.replace('components:\n', `defaults:
  host: { port: 2222, tags: [all] }
  component: { healthcheck: { type: http, url: "http://localhost/", retries: 9 } }
components:
`).replace('image: api }', 'image: api }\n    healthcheck: { retries: 2 }'));
    expect(errors).toEqual([]);
    expect(document?.components['api']?.healthcheck).toMatchObject({ url: 'http://localhost/', retries: 2 });
    expect(document?.components['db']?.healthcheck).toMatchObject({ retries: 9 });
    expect([document?.hosts['a']?.port, document?.hosts['a']?.tags, document?.hosts['b']?.tags]).toEqual([2222, ['all'], ['web']]);
  });
});

describe('hostile documents are answered within 2.5 s', () => {
  const rows = (count: number, row: (index: number) => string): string => Array.from({ length: count }, (_, index) => row(index)).join('\n');
  const alias = (): string => `${rows(30, (index) => `k${index}: &a${index} [${index === 0 ? 'x' : `*a${index - 1}, *a${index - 1}, *a${index - 1}, *a${index - 1}`}]`)}\n`;
  test.each([
    ['more than 1 MiB', 'x'.repeat(1_100_000)],
    ['100,000 keys', rows(100_000, (index) => `k${index}: 1`)],
    ['20,000 unknown component keys', `${base.slice(0, base.indexOf('components:'))}components:\n  db:\n${rows(20_000, (index) => `    x${index}: 1`)}\n`],
    ['10,000 levels', '['.repeat(10_000)],
    ['a bomb of aliases', alias()],
    ['one long scalar', `project: ${'y'.repeat(1_000_000)}`],
  ])('%s', (_, text) => {
    const started = Date.now();
    const { document, errors } = parseDocument(text);
    expect(document).toBeNull();
    expect(errors.length).toBeGreaterThan(0);
    expect(Date.now() - started).toBeLessThan(2500);
  });
});
