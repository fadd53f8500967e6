/** YAML that attacks a reader: everything is answered in time, with the place that is wrong or with the value as written. */
import { parseDocument } from '../../spec/document/index.js';
import { maxDocumentBytes } from '../../spec/document/read-yaml.js';
import { cpuMs, expectError, parsed, small } from './marked.js';

const limitMs = 2500;
const rows = (count: number, row: (index: number) => string): string => Array.from({ length: count }, (_, index) => row(index)).join('\n');
const withVars = (vars: string): string => small({ component: `    config: { vars: ${vars} }\n` });
const varsOf = (vars: string): unknown => parsed(withVars(vars)).components['web']?.config.vars;

describe('bombs are refused in time, with a message that names them', () => {
  const cases: Record<string, { text: () => string; message: RegExp }> = {
    'merge keys of merge keys': { text: () => `a0: &a0 { x: 1 }\n${rows(90, (index) => `a${index + 1}: &a${index + 1} { <<: *a${index}, y${index}: 1 }`)}`, message: /no merge keys/ },
    'one merge key of very many maps': { text: () => `a: &a { x: 1 }\nb: { <<: [${Array(50_000).fill('*a').join(',')}] }`, message: /too many keys and values|no merge keys|aliases/ },
    'aliases that double': { text: () => `a0: &a0 [x, x]\n${rows(40, (index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`)}`, message: /more than 100000 values/ },
    'aliases of maps that double': { text: () => `a0: &a0 { k: x }\n${rows(40, (index) => `a${index + 1}: &a${index + 1} { a: *a${index}, b: *a${index} }`)}`, message: /more than 100000 values/ },
    'an anchor that is set again and again': { text: () => rows(20_000, (index) => `k${index}: &a [*a]`), message: /no &a before this alias|more than 100 aliases|inside of what it refers to|too many/ },
    'a circle of two anchors': { text: () => 'a: &a\n  b: &b\n    c: *a\n    d: *b\n', message: /inside of what it refers to/ },
    'a list inside of itself': { text: () => 'a: &a [[[*a]]]', message: /inside of what it refers to/ },
    'a key that is an alias': { text: () => 'a: &a x\n*a : 1\n', message: /plain text/ },
    'a map of 10,000 keys, each twice': { text: () => rows(10_000, (index) => `k${index % 5000}: 1`), message: /written twice/ },
    'a flow map of the same key': { text: () => `{${'a: 1, '.repeat(8000)}}`, message: /written twice/ },
    'a flow map of distinct keys': { text: () => `{${rows(8000, (index) => `k${index}: 1,`)}}`, message: /unknown key|missing/ },
    'a key of a megabyte': { text: () => `? ${'k'.repeat(1_000_000)}\n: 1`, message: /unknown key|plain|valid YAML|missing/ },
    'a key of a megabyte over lines': { text: () => `? |\n${rows(100_000, () => '  kkkkkk')}\n: 1`, message: /unknown key|plain|valid YAML|missing/ },
    'a megabyte of escapes': { text: () => `project: "${'\\x41'.repeat(200_000)}"`, message: /missing/ },
    'a megabyte of escapes that are none': { text: () => `project: "${'\\q'.repeat(500_000)}"`, message: /escapes that mean nothing/ },
    'texts with many escapes that are none': { text: () => rows(1000, () => `- "${'\\q'.repeat(490)}"`), message: /escapes that mean nothing/ },
    'a megabyte of escapes of characters that are none': { text: () => `project: "${'\\UFFFFFFFF\\xZZ'.repeat(70_000)}"`, message: /escapes that mean nothing/ },
    'a scalar of one line each that is folded': { text: () => `project:\n${rows(100_000, () => '  x')}`, message: /missing/ },
    'maps and lists in each other by turns': { text: () => '[{a: '.repeat(5000), message: /nested deeper/ },
    'keys of keys of keys': { text: () => `${'{? '.repeat(5000)}x`, message: /nested deeper/ },
    'lists in block style in a list of flow style': { text: () => `a:\n${rows(500, (level) => `${' '.repeat(level)}-`)}`, message: /nested deeper|valid YAML/ },
    'ends of documents': { text: () => '...\n'.repeat(200_000), message: /./ },
    'starts of documents with values': { text: () => '--- a\n'.repeat(100_000), message: /second YAML document/ },
    'directives': { text: () => '%YAML 1.2\n'.repeat(90_000), message: /valid YAML|too many/ },
    'tag directives': { text: () => `${rows(30_000, (index) => `%TAG !t${index}! tag:x,2000:`)}\n---\na: 1`, message: /./ },
    'comments on every line': { text: () => rows(50_000, (index) => `k${index}: # ${index}`), message: /too many/ },
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const { text, message } = cases[name] ?? { text: () => '', message: /never/ };
    const written = text();
    let answer = parseDocument('');
    const ms = cpuMs(() => { answer = parseDocument(written); });
    expect(answer.document).toBeNull();
    expect(answer.errors.length).toBeLessThanOrEqual(501);
    expect(answer.errors.map((error) => error.message).join('\n')).toMatch(message);
    expect(ms).toBeLessThan(limitMs);
  });
});

describe('tags make nothing but text, lists and maps', () => {
  test.each(['!!js/function "function () { return 1 }"', '!!js/regexp /a/', '!!python/object/apply:os.system ["id"]', '!ruby/object:Gem::Installer {}', '!<!local> x', '!<tag:example.com,2000:x> x', '!!binary aGk=', '!!set { a }', '!!omap [a: 1]', '!!timestamp 2001-12-14', '!!merge x', '!Sub x', '!x!y z'])('%s is refused at its line', (value) => {
    const { document, errors } = parseDocument(withVars('{ a: 1 }').replace('a: 1', `a: ${value}`));
    expect({ document, line: errors[0]?.line, message: errors[0]?.message }).toEqual({ document: null, line: 8, message: expect.stringMatching(/not valid YAML|plain text/) as string });
  });
  test('those of YAML itself mean what they say', () => {
    expect(varsOf('{ a: !!str 1, b: !!int "2", c: !!map {}, d: !!seq [], e: !!null "", f: !!bool "true", g: !!float "1.5", h: ! 7 }')).toMatchObject({ a: '1', b: 2, c: {}, d: [], f: true, g: 1.5 });
  });
});

describe('names that every object has are names like others', () => {
  test.each([['', '▸__proto__: { x: 1 }\n'], ['hosts', 'hosts: { ▸__proto__: {} }\n'], ['components', 'components: { ▸"__proto__": {} }\n'], ['components.a.config.vars', 'components: { a: { config: { vars: { ▸__proto__: { evil: 1 } } } } }\n'], ['components.a.run.env', 'components: { a: { run: { env: { ▸__proto__: x } } } }\n'], ['defaults.component.config.vars', 'defaults: { component: { config: { vars: { ▸__proto__: 1 } } } }\n']])('__proto__ in "%s" is refused, and never dropped in silence', (path, text) => {
    expectError(text, { path: path === '' ? '__proto__' : `${path}.__proto__`, message: /cannot be called "__proto__"/ });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
  test('a binding, a dependency and a host called constructor are told as missing', () => {
    expectError(small({ binding: 'host: h1, components: [web, ▸constructor]' }), { path: 'deployment[0].components[1]', message: /no component "constructor"/ });
    expectError(small({ binding: 'host: ▸constructor, components: [web]' }), { path: 'deployment[0].host', message: /no host "constructor"/ });
    expectError(small({ component: '    depends_on: [▸valueof]\n' }), { path: 'components.web.depends_on[0]', message: /no component "valueof"/ });
  });
  test('they can be hosts, components and variables', () => {
    const document = parsed(small().replaceAll('web', 'constructor').replaceAll('h1', 'valueof'));
    expect([Object.keys(document.hosts), Object.keys(document.components)]).toEqual([['valueof'], ['constructor']]);
    expect(varsOf('{ constructor: 1, toString: 2, hasOwnProperty: 3 }')).toEqual({ constructor: 1, toString: 2, hasOwnProperty: 3 });
  });
  test('in defaults they are merged like others', () => {
    const text = small({ top: 'defaults: { component: { config: { vars: { constructor: base, toString: base, own: base } } } }\n', component: '    config: { vars: { own: own } }\n' });
    expect(parsed(text).components['web']?.config.vars).toEqual({ own: 'own', constructor: 'base', toString: 'base' });
  });
});

describe('characters', () => {
  test.each([['a byte order mark in the middle', 'a: \uFEFFb\n'], ['NUL', 'a: \0\n'], ['NUL as a key', '\0: 1\n'], ['half a surrogate', 'a: \uD800\n'], ['what stands for bytes that are no UTF-8', 'a: \uFFFD\n'], ['UTF-16 read as if it were UTF-8', Buffer.from('project: shop\n', 'utf16le').toString('utf8')], ['UTF-16 with its mark, read as UTF-8', Buffer.from('\uFEFFproject: shop\n', 'utf16le').toString('utf8')], ['control characters', 'a: \u0001\u0007\u001b[2J\n'], ['a line separator', 'a: b\u2028c: d\n'], ['a next line', 'a: b\u0085c: d\n'], ['nothing but a mark', '\uFEFF'], ['two marks', '\uFEFF\uFEFFa: 1'], ['CR alone', 'a: 1\rb: 2\r']])('%s: an answer with places inside of the text', (_, text) => {
    const { document, errors } = parseDocument(text);
    expect(document).toBeNull();
    const lines = text.split('\n');
    for (const { line, column } of errors) {
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
    }
    expect(errors.length).toBeGreaterThan(0);
  });
  test('a value with NUL does not get into an environment, a name or a command', () => {
    expectError(small({ run: 'type: docker, container_name: ▸"a\\0b"' }), { path: 'components.web.run.container_name', message: /control characters/ });
  });
  test('the limit of 1 MiB counts characters beyond the first plane as the four bytes they are', () => {
    expect(parseDocument('😀'.repeat(maxDocumentBytes / 4 + 1)).errors).toMatchObject([{ message: 'the document is larger than 1 MiB' }]);
    expect(parseDocument(`#${'😀'.repeat(maxDocumentBytes / 4 - 1)}`).errors[0]?.message).not.toMatch(/1 MiB/);
  });
});

describe('numbers', () => {
  test.each(['1e999', '-1e999', '.inf', '-.inf', '.nan', '0', '-1', '1.5', '65536', '1e400', '"80"', '0b1', '1_000', '1:30'])('%s is no port of a host, and is told as it is', (port) => {
    expectError(small({ host: `{ port: ▸${port} }` }), { path: 'hosts.h1.port', message: /^(?!.*null)/ });
  });
  test.each([['0o26', 22], ['0x16', 22], ['022', 22], ['2.2e1', 22], ['+22', 22]])('the port %s is %d', (port, expected) => {
    expect(parsed(small({ host: `{ port: ${port} }` })).hosts['h1']?.port).toBe(expected);
  });
  test.each(['.inf', '.nan', '-1', '1e999', '1e30'])('%s is neither a duration, nor memory, nor CPUs', (value) => {
    expectError(small({ component: `    healthcheck: { type: tcp, port: 80, interval: ▸${value} }\n` }), { path: 'components.web.healthcheck.interval', message: /^(?!.*null)/ });
    expectError(small({ run: `type: docker, resources: { memory: ▸${value} }` }), { path: 'components.web.run.resources.memory', message: /^(?!.*null)/ });
    expectError(small({ run: `type: docker, resources: { cpus: ▸${value} }` }), { path: 'components.web.run.resources.cpus', message: /^(?!.*null)/ });
  });
});
