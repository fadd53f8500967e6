/** Names across a document: what they refer to must exist, be placed, and not wait for itself. */
import { parseDocument } from '../../spec/document/index.js';
import { maxPlacements } from '../../spec/document/size.js';
import { expectError, expectOnly, marked, small } from './marked.js';

const two = (binding: string, components = 'b: { run: { type: docker, image: x } }'): string => `api_version: maestro/v1
project: shop
hosts: { h1: {}, h2: { tags: [blue] }, h3: { tags: [blue, eu] } }
components:
  a: { run: { type: docker, image: x } }
  ${components}
deployment:
  - { ${binding} }
`;

describe('a name that does not exist is an error at the name', () => {
  const cases: [name: string, text: string, path: string, message: RegExp, fix: RegExp][] = [
    ['of a host', two('host: ▸h, components: [a, b]'), 'deployment[0].host', /no host "h" \(did you mean "h1"\?\)/, /h1, h2, h3/],
    ['in hosts', two('hosts: [h1, ▸hx], components: [a, b]'), 'deployment[0].hosts[1]', /no host "hx"/, /h1, h2, h3/],
    ['in depends_on_hosts', two('host: h1, components: [a, b], depends_on_hosts: [▸g9]'), 'deployment[0].depends_on_hosts[0]', /no host "g9"$/, /h1, h2, h3/],
    ['of a component', two('host: h1, components: [a, b, ▸c]'), 'deployment[0].components[2]', /no component "c"/, /a, b/],
    ['in depends_on', two('host: h1, components: [a, b]', 'b: { run: { type: docker, image: x }, depends_on: [▸constructor] }'), 'components.b.depends_on[0]', /no component "constructor"$/, /a, b/],
    ['in the requires of a test', two('host: h1, components: [a, b]', 'b: { run: { type: docker, image: x }, tests: { t: { command: x, requires: [▸z] } } }'), 'components.b.tests.t.requires[0]', /no component "z"/, /a, b/],
    ['of tags that no host has together', two('tags: ▸[blue, us], components: [a, b]'), 'deployment[0].tags', /blue, us/, /Add the tag/],
  ];
  test.each(cases)('%s', (_, text, path, message, fix) => {
    expectError(text, { path, message, fix });
  });
});

describe('placements', () => {
  test('the same one twice is an error at the second, and tells the first (one host in two bindings is none)', () => {
    const place = marked(two('host: h1, components: [a]').concat('  - { tags: [blue], components: [b] }\n  - { hosts: [h2, h1], components: [▸a, b] }\n'));
    const { errors } = parseDocument(place.text);
    expect(errors.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'deployment[2].components[1]: b is placed on h2 twice (first in deployment[1])', 'deployment[2].components[0]: a is placed on h1 twice (first in deployment[0])',
    ]);
  });
  test('a component that is bound nowhere is a warning at its key', () => {
    const place = marked(two('host: h1, components: [a]', 'b: ▸{ run: { type: docker, image: x } }'));
    const { errors, warnings, document } = parseDocument(place.text);
    expect({ errors, read: document !== null }).toEqual({ errors: [], read: true });
    expectOnly(warnings, place, { path: 'components.b', message: /placed on no host/ });
  });
  test('waiting for a component that is bound nowhere is an error', () => {
    expectError(two('host: h1, components: [b]', 'b: { run: { type: docker, image: x }, depends_on: [▸a] }'), { path: 'components.b.depends_on[0]', message: /b waits for a, which is placed on no host/ });
  });
  test('a docker source cannot run as a unit', () => {
    expectError(small({ run: 'type: ▸systemd, command: /bin/a' }), { path: 'components.web.run.type', message: /needs run.type docker/ });
  });
  test('build steps of a docker source are ignored with a warning', () => {
    const place = marked(small({ component: '    build: ▸[{ command: make }]\n' }));
    expectOnly(parseDocument(place.text).warnings, place, { path: 'components.web.build', message: /ignored/ });
  });
});

describe('circles are refused with the whole way round', () => {
  const chain = (ids: string[]): string => ids.map((id, index) => `  ${id}: { run: { type: docker, image: x }, depends_on: [${ids[(index + 1) % ids.length] ?? ''}] }`).join('\n');
  const document = (ids: string[]): string => `api_version: maestro/v1\nproject: p\nhosts: { h: {} }\ncomponents:\n${chain(ids)}\ndeployment: [{ host: h, components: [${ids.join(', ')}] }]\n`;

  test('of components', () => {
    expectError(document(['a', 'b', 'c']).replace('[b]', '▸[b]'), { path: 'components.a.depends_on', message: /a → b → c → a$/, fix: /Remove one depends_on/ });
  });
  test('of a component with itself', () => {
    expect(parseDocument(document(['a'])).errors[0]?.message).toMatch(/a → a$/);
  });
  test('of hosts (X-06), at a binding of the circle', () => {
    expectError(two('host: h1, components: [a], depends_on_hosts: ▸[h2]').concat('  - { host: h2, components: [a], depends_on_hosts: [h3] }\n  - { host: h3, components: [a, b], depends_on_hosts: [h1] }\n'), {
      path: 'deployment[0].depends_on_hosts', message: /h1 → h2 → h3 → h1$/, fix: /Remove one depends_on_hosts/,
    });
  });
  test('of a host with itself, also by its tag', () => {
    expect(parseDocument(two('tags: [eu], components: [a, b], depends_on_hosts: [h3]')).errors[0]?.message).toMatch(/h3 → h3$/);
  });
  test('of a host through two of its bindings: the later one waits for what waits for the first', () => {
    const text = two('host: h1, components: [a]').concat('  - { host: h2, components: [a], depends_on_hosts: [h1] }\n  - { host: h1, components: [b], depends_on_hosts: [h2] }\n');
    expect(parseDocument(text).errors[0]?.message).toMatch(/h1 → h2 → h1$/);
  });
});

describe('size', () => {
  const fleet = (hosts: number, components: number, rest = 'strategy: parallel', component = ''): string => {
    const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    return `{api_version: maestro/v1, project: p, hosts: {${names('h', hosts).map((id) => `${id}: {}`).join(', ')}}, components: {${names('c', components).map((id) => `${id}: {run: {type: docker, image: x}${component}}`).join(', ')}}, deployment: [{hosts: [${names('h', hosts).join(', ')}], components: [${names('c', components).join(', ')}], ${rest}}]}`;
  };
  test('500 hosts with five components each are read without a finding', () => {
    expect(parseDocument(fleet(500, 5)).errors).toEqual([]);
    expect(parseDocument(fleet(500, 5, 'strategy: sequential')).errors).toEqual([]);
  });
  test('more placements than a rollout can hold are refused before they are made', () => {
    expect(parseDocument(fleet(maxPlacements / 5 + 1, 5)).errors).toEqual([expect.objectContaining({ path: 'deployment', message: expect.stringMatching(/too large: .*5000 placements/) as string })]);
  });
  test('so are more dependences, and components that are too large for all their hosts', () => {
    expect(parseDocument(fleet(800, 2).replace('c1: {', 'c1: {depends_on: [c0], ')).errors[0]?.message).toMatch(/too large: .*wait for each other 640000 times/);
    expect(parseDocument(fleet(1000, 1, 'strategy: parallel', `, config: {vars: {x: ${'y'.repeat(20_000)}}}`)).errors[0]?.message).toMatch(/larger than 16 MiB/);
  });
});
