/** Whatever is sent within 1 MiB is answered within 2.5 s of work, with an error or a document, and never with a crash. */
import { parseDocument } from '../../spec/document/index.js';
import { documentGraph, graphCycle } from '../../spec/graph.js';
import { walk } from '../../spec/walker.js';
import { cpuMs, parsed } from './marked.js';

const limitMs = 2500;
const mebibyte = 1024 * 1024;
const repeated = (row: (index: number) => string, bytes = mebibyte): string => {
  const rows: string[] = [];
  for (let size = 0, index = 0; ; index += 1) {
    const next = row(index);
    size += next.length;
    if (size > bytes) return rows.join('');
    rows.push(next);
  }
};
const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const json = (parts: { hosts: string[]; components: Record<string, object>; deployment: object[] }): string =>
  JSON.stringify({ api_version: 'maestro/v1', project: 'p', ...parts, hosts: Object.fromEntries(parts.hosts.map((id) => [id, { tags: ['a'] }])) });
const docker = { run: { type: 'docker', image: 'x' } };

describe('refused in time', () => {
  const head = 'api_version: maestro/v1\nproject: p\nhosts: { h: {} }\ndeployment: [{ host: h, components: [web] }]\ncomponents:\n  web:\n    run: { type: docker, image: x }\n';
  const cases: Record<string, () => string> = {
    '150,000 keys': () => repeated((index) => `${index.toString(36)}:\n`).slice(0, mebibyte),
    'keys with values': () => repeated((index) => `k${index}: 1\n`),
    '14,000 unknown keys of one map': () => head + repeated((index) => `    k${index}: 1\n`, 160_000),
    'the same key over and over': () => repeated(() => 'a: 1\n', 60_000),
    'elements of a list': () => `a: [${'1,'.repeat(500_000)}]`,
    'empty lists': () => `a: [${'[],'.repeat(300_000)}]`,
    'nothing but commas': () => `a: [${','.repeat(1_000_000)}]`,
    'commas just under the limit': () => `a: [${','.repeat(158_000)}]`,
    'nothing but colons': () => ': '.repeat(500_000),
    'nothing but dashes': () => repeated(() => '-\n'),
    'nothing but line ends': () => '\n'.repeat(1_000_000),
    'nothing but comments': () => '#\n'.repeat(500_000),
    'nothing but tabs': () => '\t'.repeat(1_000_000),
    '10,000 lists in each other': () => `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    '500,000 lists that are never closed': () => `a: ${'['.repeat(500_000)}`,
    '10,000 maps in each other': () => `a: ${'{a: '.repeat(10_000)}`,
    '10,000 levels of block lists': () => `${'- '.repeat(10_000)}x`,
    '10,000 levels of keys': () => `${'? '.repeat(10_000)}x`,
    '1,000 levels by indentation': () => Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
    'unclosed quotes': () => repeated((index) => `a${index}: "\n`, 60_000),
    'nested mappings in one line each': () => repeated(() => 'a: b: c\n'),
    'documents': () => '---\n'.repeat(250_000),
    'tags': () => repeated((index) => `- !x${index} 1\n`, 150_000),
    'two tags for a value': () => `a: ${'!a '.repeat(40_000)}`,
    'anchors': () => repeated((index) => `- &a${index} 1\n`, 150_000),
    'aliases': () => `- &a 1\n${'- *a\n'.repeat(24_000)}`,
    'a billion laughs': () => `a: &a [${Array(9).fill('lol').join(', ')}]\n${names('', 9).map((index) => `b${index}: &b${index} [${Array(9).fill(index === '0' ? '*a' : `*b${Number(index) - 1}`).join(', ')}]`).join('\n')}`,
    'an alias of a large value a hundred times': () => `a: &a [${'1,'.repeat(20_000)}]\nb: [${Array(100).fill('*a').join(', ')}]`,
    'one long word': () => `project: ${'x'.repeat(1_000_000)}`,
    'one long key': () => `${'x'.repeat(1_000_000)}: 1`,
    'one long quoted text': () => `project: "${'\\n'.repeat(500_000)}"`,
    'one long folded text': () => `project: >\n${' x\n'.repeat(300_000)}`,
    'wrong components': () => json({ hosts: ['h'], components: Object.fromEntries(names('c', 2500).map((id) => [id, { sourc: 1, run: { type: 'dokcer' } }])), deployment: [] }),
    'wrong ids': () => json({ hosts: ['h'], components: { a: docker }, deployment: [{ host: 'h', components: names('C', 30_000) }] }),
    'names that do not exist': () => json({ hosts: names('h', 1500), components: Object.fromEntries(names('c', 1500).map((id) => [id, { ...docker, depends_on: [`${id}x`, `y${id}`] }])), deployment: names('h', 1500).map((id) => ({ host: `${id}x`, components: ['c0y'], depends_on_hosts: ['h1y'] })) }),
    'long names that nearly exist': () => json({ hosts: names('h'.repeat(58), 5000), components: { a: docker }, deployment: names(`${'h'.repeat(57)}g`, 5000).map((host) => ({ host, components: ['a'] })) }),
    'bindings by tags that no host has': () => json({ hosts: names('h', 3000), components: { a: docker }, deployment: Array<object>(3000).fill({ tags: ['a', 'b'], components: ['a'] }) }),
    'every host in every binding': () => json({ hosts: names('h', 3000), components: { a: docker }, deployment: Array<object>(3000).fill({ tags: ['a'], components: ['a'] }) }),
    'a long circle of components': () => json({ hosts: ['h'], components: Object.fromEntries(names('c', 3000).map((id, index) => [id, { ...docker, depends_on: [`c${(index + 1) % 3000}`] }])), deployment: [{ host: 'h', components: names('c', 3000) }] }),
    'a long circle of hosts': () => json({ hosts: names('h', 2500), components: { a: docker }, deployment: names('h', 2500).map((host, index) => ({ host, components: ['a'], depends_on_hosts: [`h${(index + 1) % 2500}`] })) }),
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const text = cases[name]?.() ?? '';
    let answer = parseDocument('');
    const ms = cpuMs(() => { answer = parseDocument(text); });
    expect(answer.document).toBeNull();
    expect(answer.errors.length).toBeGreaterThan(0);
    expect(answer.errors.length).toBeLessThanOrEqual(501);
    expect(JSON.stringify(answer.errors).length).toBeLessThan(3 * mebibyte);
    expect(ms).toBeLessThan(limitMs);
  });
});

describe('a large document that is right is read, ordered and walked in time', () => {
  const cases: Record<string, () => string> = {
    '500 hosts with five components, one host after the other': () => json({ hosts: names('h', 500), components: Object.fromEntries(names('c', 5).map((id) => [id, docker])), deployment: [{ hosts: names('h', 500), components: names('c', 5) }] }),
    '5,000 hosts in a row': () => json({ hosts: names('h', 5000), components: { a: docker }, deployment: [{ tags: ['a'], components: ['a'] }] }),
    '1,200 components that wait for each other in a row': () => json({ hosts: ['h'], components: Object.fromEntries(names('c', 1200).map((id, index) => [id, { ...docker, depends_on: index === 0 ? [] : [`c${index - 1}`] }])), deployment: [{ host: 'h', components: names('c', 1200).reverse() }] }),
    '1,500 hosts whose written order is the reverse of what they wait for': () => json({ hosts: names('h', 1500), components: { a: docker }, deployment: names('h', 1500).map((host, index) => ({ host, components: ['a'], depends_on_hosts: index === 1499 ? [] : [`h${index + 1}`] })) }),
    'one component that waits for another 25,000 times': () => json({ hosts: ['h'], components: { a: docker, b: { ...docker, depends_on: Array<string>(25_000).fill('a') } }, deployment: [{ host: 'h', components: ['a', 'b'] }] }),
    '400 hosts that each wait for 400 others': () => json({ hosts: names('h', 800), components: { a: docker, b: { ...docker, depends_on: ['a'] } }, deployment: [{ hosts: names('h', 400), components: ['a'], strategy: 'parallel' }, { hosts: names('h', 800).slice(400), components: ['b'], strategy: 'parallel' }] }),
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const text = cases[name]?.() ?? '';
    const ms = cpuMs(() => {
      const graph = documentGraph(parsed(text));
      expect(graphCycle(graph)).toBeNull();
      const [first] = graph.steps;
      expect(walk(graph, new Map([[first?.id ?? '', { state: 'failed' }]])).finished).toBe(false);
    });
    expect(ms).toBeLessThan(limitMs);
  });
});
