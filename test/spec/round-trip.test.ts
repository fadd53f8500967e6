/** Any valid document is read the same however YAML writes it; and any document either is refused or rolls out to its end. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { parseDocument } from '../../spec/document/index.js';
import { documentGraph, graphCycle } from '../../spec/graph.js';
import { walk, type StepStatus } from '../../spec/walker.js';

const ids = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/);
const words = fc.string({ maxLength: 12, unit: 'grapheme' });
const line = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
// No key is called __proto__: that one is refused (yaml-attacks).
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const duration = fc.oneof(fc.constantFrom('500ms', '10s', '2m', '1h30m'), fc.integer({ min: 1, max: 3600 }));
const env = fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,5}$/), words, { maxKeys: 4 });

const health = { interval: optional(duration), timeout: optional(duration), start_period: optional(duration), retries: optional(fc.integer({ min: 1, max: 100 })) };
const component = fc.record({
  description: optional(words),
  source: fc.record({ type: fc.constant('docker'), image: line, tag: optional(line), pull_policy: optional(fc.constantFrom('if_not_present', 'always', 'never')) }),
  config: optional(fc.record({
    vars: optional(fc.dictionary(words, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }).filter((vars) => !JSON.stringify(vars).includes('"__proto__":'))),
    templates: optional(fc.array(fc.record({ source: line, dest: line, mode: optional(fc.integer({ min: 0, max: 0o7777 }).map((mode) => `0${mode.toString(8)}`)), owner: optional(line) }), { maxLength: 2 })),
    files: optional(fc.array(fc.record({ source: line, dest: line, strategy: optional(fc.constantFrom('overwrite', 'atomic', 'atomic_symlink')) }), { maxLength: 2 })),
  }, { requiredKeys: [] })),
  run: fc.record({
    type: fc.constant('docker'), container_name: optional(line), ports: optional(fc.array(words, { maxLength: 2 })), volumes: optional(fc.array(words, { maxLength: 2 })), env: optional(env), networks: optional(fc.array(line, { maxLength: 2 })),
    restart: optional(fc.constantFrom('no', 'on-failure', 'always', 'unless-stopped')), command: optional(fc.oneof(words, fc.array(words, { maxLength: 3 }))), resources: optional(fc.record({ memory: optional(fc.constantFrom('512m', '1.5g', 1024)), cpus: optional(fc.constantFrom(0.5, 2, '1.25')) })),
  }),
  healthcheck: optional(fc.oneof(
    fc.record({ type: fc.constant('http'), url: line, expect_status: optional(fc.integer({ min: 100, max: 599 })), expect_body_contains: optional(words), ...health }),
    fc.record({ type: fc.constant('tcp'), port: fc.integer({ min: 1, max: 65535 }), ...health }),
    fc.record({ type: fc.constant('command'), command: line, ...health }),
  )),
});

interface Names { hosts: string[]; components: string[] }
const names: fc.Arbitrary<Names> = fc.record({ hosts: fc.uniqueArray(ids, { minLength: 1, maxLength: 4 }), components: fc.uniqueArray(ids, { minLength: 1, maxLength: 4 }) });
const withoutUndefined = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const documents = names.chain(({ hosts, components }) => fc.record({
  api_version: fc.constant('maestro/v1'), project: line, description: optional(words),
  hosts: fc.tuple(...hosts.map(() => fc.record({ address: optional(words), port: optional(fc.integer({ min: 1, max: 65535 })), tags: optional(fc.array(words, { maxLength: 2 })) }))).map((all) => Object.fromEntries(all.map((host, index) => [hosts[index], host]))),
  components: fc.tuple(...components.map(() => component)).map((all) => Object.fromEntries(all.map((one, index) => [components[index], one]))),
  deployment: fc.tuple(...hosts.map((host) => fc.record({ host: fc.constant(host), components: fc.constant(components), strategy: fc.constantFrom('sequential', 'parallel'), offline_deadline: optional(duration) }))),
})).map(withoutUndefined);

const formats = fc.record({
  defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const, 'BLOCK_LITERAL' as const, 'BLOCK_FOLDED' as const), defaultKeyType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const),
  collectionStyle: fc.constantFrom('any' as const, 'flow' as const, 'block' as const), indent: fc.constantFrom(2, 4), lineWidth: fc.constantFrom(0, 40, 80), sortMapEntries: fc.boolean(),
});

test('a valid document is read the same from JSON and from every way YAML writes it', () => {
  fc.assert(fc.property(documents, formats, (document, format) => {
    const fromJson = parseDocument(JSON.stringify(document));
    expect(fromJson.errors).toEqual([]);
    const text = stringify(document, { version: '1.2', ...format });
    // Of a text that is nothing but blanks the writer makes another one in some styles.
    fc.pre(isDeepStrictEqual(parse(text), document));
    const { errors, document: read } = parseDocument(text);
    expect({ errors, read }).toEqual({ errors: [], read: fromJson.document });
  }), { numRuns: 150 });
});

test('what is read is read the same again: defaults that were filled in are what leaving them out means', () => {
  fc.assert(fc.property(documents, (document) => {
    const first = parseDocument(JSON.stringify(document));
    const withText = JSON.stringify(first.document, (key, value: unknown) => (key === 'mode' && typeof value === 'number' ? `0${value.toString(8)}` : /^(interval|timeout|start_period|offline_deadline|verify_duration)$/.test(key) ? `${String(value)}ms` : value));
    const second = parseDocument(withText);
    expect({ errors: second.errors, document: second.document }).toEqual({ errors: [], document: first.document });
  }), { numRuns: 80 });
});

test('every position of an error is inside of the text', () => {
  fc.assert(fc.property(documents, formats, fc.nat(), fc.constantFrom('x', '"', '{', '\t', ':', '- ', '\n', '&', '*a', '!t', '%', '#'), (document, format, where, inserted) => {
    const valid = stringify(document, format);
    const at = where % valid.length;
    const text = valid.slice(0, at) + inserted + valid.slice(at);
    const lines = text.split('\n');
    for (const { line, column, message, suggested_fix: fix, code } of parseDocument(text).errors) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
      expect({ code, told: message.length > 3 && fix.length > 3 }).toEqual({ code: 'validation_error', told: true });
    }
  }), { numRuns: 400 });
});

test('whatever depends on whatever, a document is refused with a circle or rolls out to its end', () => {
  const some = (of: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...of], { maxLength: 2 });
  const [hosts, components] = [['h1', 'h2', 'h3'], ['a', 'b', 'c', 'd']];
  const shapes = fc.record({
    dependsOn: fc.tuple(...components.map(() => some(components))),
    bindings: fc.array(fc.record({ hosts: fc.subarray(hosts, { minLength: 1 }), components: fc.subarray(components, { minLength: 1 }), depends_on_hosts: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, some(hosts)), strategy: fc.constantFrom('sequential', 'parallel', 'canary', 'blue_green') }), { minLength: 1, maxLength: 4 }),
  });
  let rolledOut = 0;
  fc.assert(fc.property(shapes, ({ dependsOn, bindings }) => {
    const { document, errors } = parseDocument(JSON.stringify({
      api_version: 'maestro/v1', project: 'p', hosts: Object.fromEntries(hosts.map((id) => [id, {}])),
      components: Object.fromEntries(components.map((id, index) => [id, { run: { type: 'docker', image: 'x' }, depends_on: dependsOn[index] }])), deployment: bindings,
    }));
    if (document === null) return expect(errors.every(({ message }) => /circle|twice|placed on no host/.test(message))).toBe(true);
    const graph = documentGraph(document);
    const cycle = graphCycle(graph);
    if (cycle !== null) return expect(cycle.at(-1)).toBe(cycle[0]);
    const statuses = new Map<string, StepStatus>();
    for (let turn = 0; turn <= graph.steps.length && !walk(graph, statuses).finished; turn += 1) for (const id of walk(graph, statuses).ready) statuses.set(id, { state: 'succeeded' });
    rolledOut += 1;
    return expect(walk(graph, statuses).finished).toBe(true);
  }), { numRuns: 1500 });
  expect(rolledOut).toBeGreaterThan(20);
});
