/** The run section as a host gets it: every default filled in, every spelling of ports, volumes and commands parsed or refused. */
import type { DesiredPlacement, DockerRun, SystemdRun } from '../../spec/desired.js';
import { resolvePlacement, type BundleEntry } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { parsePorts } from '../../spec/resolve/ports.js';
import { splitCommand } from '../../spec/resolve/words-of-command.js';
import { parsed, plainDigest, small } from './marked.js';
import { dockerOf } from './planned-world.js';

interface Resolved { placement: DesiredPlacement; problems: Problem[] }

function resolve(text: string, bundle: readonly BundleEntry[] = []): Resolved {
  const { components } = parsed(text);
  const component = components['web'];
  if (component === undefined) throw new Error('no component');
  const problems: Problem[] = [];
  const placement = resolvePlacement({ deployId: 'dpl_1', project: 'shop', version: 3, host: 'h1', componentId: 'web', component, bundle, templates: [], digest: plainDigest }, (problem) => problems.push(problem));
  return { placement, problems };
}
const docker = (what: string): Resolved => resolve(small({ run: `type: docker, ${what}` }));
const unit = (what: string): Resolved => resolve(small({ run: `type: systemd, ${what}` }).replace('    source: { type: docker, image: nginx }\n', ''));
const dockerRun = ({ placement }: Resolved): DockerRun => dockerOf(placement);
function unitRun({ placement: { run } }: Resolved): SystemdRun {
  if (run.type !== 'systemd') throw new Error('not a unit');
  return run;
}
const told = ({ problems }: Resolved): string[] => problems.map(({ path, message }) => `${path.join('.')}: ${message}`);

test('a container has every default', () => {
  expect(resolve(small())).toEqual({
    problems: [],
    placement: {
      deploy_id: 'dpl_1', project: 'shop', version: 3, component: 'web', host: 'h1', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string, component_directory: '/opt/maestro/web', source: null, build: [], files: [], trees: [], healthcheck: null,
      run: { type: 'docker', image: 'nginx:latest', pull_policy: 'if_not_present', container_name: 'maestro-web', ports: [], volumes: [], env: {}, networks: [], restart: 'unless-stopped', command: null, resources: { memory_bytes: null, cpus: null } },
    },
  });
});

test('a unit has every default', () => {
  expect(unitRun(unit('command: /bin/a'))).toMatchObject({ unit_name: 'maestro-web.service', command: '/bin/a', working_directory: null, user: null, group: null, env: {}, restart: 'on-failure', restart_sec: 5, resources: { memory_bytes: null, cpus: null } });
});

describe('the image', () => {
  it.each(['x', 'nginx:1.27-alpine', 'ghcr.io/acme/api:v1.5', 'localhost:5000/a/b', 'reg:5000/api', '[::1]:5000/api', 'Registry.Example.com/a__b/c-d.e', `web:1@sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}`])('may be %s', (image) => {
    expect(told(docker(`image: ${JSON.stringify(image)}`))).toEqual([]);
  });
  // It becomes a part of addresses that Docker is asked at.
  it.each(['web 1', 'Web:1', '/web', 'web/', 'a//b', '../web', 'web:', 'web:-x', 'web?x=1', 'web#1', 'web%2f', '//evil/web', 'evil@x', 'web:x/json', `web@sha256:${'a'.repeat(63)}`, `${'a'.repeat(256)}`, 'web:1 HTTP/1.1', '-web', 'a..b/c', '\u{1f600}'])('cannot be %s', (image) => {
    expect(told(docker(`image: ${JSON.stringify(image)}`))).toEqual([`run.image: "${image}" is not the name of an image`]);
  });
  it('of the source is told where it is wrong', () => {
    expect(told(resolve(small({ source: 'type: docker, image: "../web"' })))).toEqual(['source.image: "../web" is not the name of an image']);
    expect(told(resolve(small({ source: 'type: docker, image: web, tag: "1?x"' })))).toEqual(['source.tag: "1?x" is not the tag of an image']);
    expect(told(resolve(small({ source: 'type: docker, image: "web:1", tag: "2"' })))).toEqual(['source.image: "web:1" is not the name of an image']);
  });
  test.each([
    ['image: nginx', 'nginx:latest'], ['image: ghcr.io/acme/api, tag: v1.5', 'ghcr.io/acme/api:v1.5'], ['image: "reg:5000/api", tag: 1.10', 'reg:5000/api:1.10'],
    [`image: nginx, tag: "sha256:${'a'.repeat(64)}"`, `nginx@sha256:${'a'.repeat(64)}`],
  ])('of { %s } is %s', (source, image) => {
    expect(dockerRun(resolve(small({ source: `type: docker, ${source}` }))).image).toBe(image);
  });
  test('of the run section wins; without any it is an error there', () => {
    expect(dockerRun(docker('image: "mine:1"')).image).toBe('mine:1');
    expect(told(resolve(small({ source: 'type: git, repo: "https://x/y.git"' })))).toEqual(['run.image: "image" is missing: there is no Docker source to take it from']);
  });
});

describe('ports', () => {
  const mapping = (host: number, container: number, ip = '', protocol = 'tcp'): object => ({ ip, host_port: host, container_port: container, protocol });
  test.each([
    ['80:80', [mapping(80, 80)]], ['8080:80/tcp', [mapping(8080, 80)]], ['53:53/udp', [mapping(53, 53, '', 'udp')]], ['127.0.0.1:80:8080', [mapping(80, 8080, '127.0.0.1')]],
    ['0.0.0.0:80:80', [mapping(80, 80, '0.0.0.0')]], ['[::1]:80:81', [mapping(80, 81, '::1')]], ['8000-8002:9000-9002', [mapping(8000, 9000), mapping(8001, 9001), mapping(8002, 9002)]],
    ['127.0.0.1:1-2:3-4/udp', [mapping(1, 3, '127.0.0.1', 'udp'), mapping(2, 4, '127.0.0.1', 'udp')]], [' 80:80 ', [mapping(80, 80)]], ['65535:1', [mapping(65535, 1)]],
  ])('%s', (text, expected) => {
    expect(parsePorts(text)).toEqual(expected);
  });
  test.each(['', '80', ':80', '80:', '0:80', '80:0', '65536:80', '80:65536', 'a:b', '80:80/sctp', '80:80:80', '1.2.3:80:80', '256.0.0.1:80:80', '127.0.0.1::80', '8000-8003:9000-9001', '5-1:5-1', '1-300:1-300', '-1:80', '80:80/tcp/udp', '8 0:80', 'localhost:80:80'])('%j is refused', (text) => {
    expect(parsePorts(text)).toBeNull();
  });
  test('that are wrong are errors at their index, and the others are kept', () => {
    const result = docker('ports: ["80:80", 8080, "x"]');
    expect(told(result)).toEqual(['run.ports.1: "8080" is not a port mapping', 'run.ports.2: "x" is not a port mapping']);
    expect(dockerRun(result).ports).toEqual([mapping(80, 80)]);
  });
  test('more than 256 for a container are refused', () => {
    expect(told(docker('ports: ["1000-1255:1000-1255"]'))).toEqual([]);
    expect(told(docker('ports: ["1000-1255:1000-1255", "80:80"]'))).toEqual(['run.ports: a container publishes at most 256 ports']);
  });
});

describe('volumes', () => {
  const mount = (kind: 'bind' | 'volume', source: string, target: string, readOnly = false): object => ({ kind, source, target, read_only: readOnly });
  test.each([
    ['data:/var/lib/data', mount('volume', 'data', '/var/lib/data')], ['data:/d:ro', mount('volume', 'data', '/d', true)], ['/srv/a:/a', mount('bind', '/srv/a', '/a')],
    ['/srv//a/./b/:/a:rw', mount('bind', '/srv/a/b', '/a')], ['./conf:/conf:ro', mount('bind', '/opt/maestro/web/conf', '/conf', true)], ['.:/all', mount('bind', '/opt/maestro/web', '/all')],
  ])('%s', (text, expected) => {
    expect(dockerRun(docker(`volumes: ["${text}"]`)).volumes).toEqual([expected]);
  });
  test.each(['', 'data', ':/a', 'data:', 'data:rel', '/a:/b:xx', '/a:/b:ro:z', '../up:/a', '/a/../b:/c', 'da ta:/a', '~/x:/a', 'x:/a', '/a:/b/../c'])('%j is refused with its index', (text) => {
    expect(told(docker(`volumes: ["ok-data:/ok", "${text}"]`))).toEqual([`run.volumes.1: "${text}" is not a volume`]);
  });
  test('a label for SELinux is not ignored but refused as not supported', () => {
    expect(docker('volumes: ["/a:/b:Z"]').problems).toEqual([expect.objectContaining({ path: ['run', 'volumes', 0], code: 'unsupported_feature' })]);
  });
});

describe('names', () => {
  test.each(['web', 'Web-1', 'a.b_c', '0x'])('the container name %s is taken as written', (name) => {
    expect(dockerRun(docker(`container_name: ${name}`)).container_name).toBe(name);
  });
  test.each(['a', '-web', '_web', 'we b', 'web/1', 'wéb', '../etc'])('the container name %j is refused', (name) => {
    expect(told(docker(`container_name: "${name}"`))).toEqual([`run.container_name: "${name}" is not a container name`]);
  });
  test.each([['acme', 'acme.service'], ['acme.service', 'acme.service'], ['acme@1', 'acme@1.service'], ['acme.socket', 'acme.socket.service'], ['a.b-c_d:e', 'a.b-c_d:e.service']])('the unit name %s means %s', (name, expected) => {
    expect(unitRun(unit(`command: /bin/a, unit_name: "${name}"`)).unit_name).toBe(expected);
  });
  test.each(['../evil', 'a b', '-x', '.service', 'a/b', 'ü', 'x'.repeat(256)])('the unit name %j is refused', (name) => {
    expect(told(unit(`command: /bin/a, unit_name: "${name}"`))).toEqual([`run.unit_name: "${name}" is not the name of a service unit`]);
  });
  test('a network is joined once, and one that has no name for Docker is refused', () => {
    expect(dockerRun(docker('networks: [back, back, front]')).networks).toEqual(['back', 'front']);
    expect(told(docker('networks: [back, "--driver"]'))).toEqual(['run.networks.1: "--driver" is not the name of a network']);
  });
});

describe('a command', () => {
  test.each([
    ['nginx -g "daemon off;"', ['nginx', '-g', 'daemon off;']], [`sh -c 'echo "$HOME"'`, ['sh', '-c', 'echo "$HOME"']], ['a  b\tc', ['a', 'b', 'c']], ['', []], [`a ''`, ['a', '']], ['a\\ b', ['a b']],
    ['"a\\"b"', ['a"b']], ['"a\\nb"', ['a\\nb']], [`'a\\'`, ['a\\']], ['x"y"z', ['xyz']], ['$(rm -rf /) `id`', ['$(rm', '-rf', '/)', '`id`']], ['a; b && c', ['a;', 'b', '&&', 'c']],
  ])('%j is split into words and nothing is expanded', (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });
  test.each(['"open', `it's`, 'a "b\'', 'end\\'])('%j is left open', (line) => {
    expect(splitCommand(line)).toBeNull();
  });
  test('in a list is taken word by word; left open it is an error', () => {
    expect(dockerRun(docker('command: ["sh", "-c", "it\'s"]')).command).toEqual(['sh', '-c', "it's"]);
    expect(told(docker('command: "it\'s"'))).toEqual(['run.command: a quote or a backslash is left open']);
  });
});

test('limits of the run section win over those of the component', () => {
  const component = '    resources: { memory: 1g, cpus: 2 }\n';
  expect(dockerRun(resolve(small({ component, run: 'type: docker, resources: { memory: 512m }' }))).resources).toEqual({ memory_bytes: 512 * 1024 ** 2, cpus: 2 });
});

test('a NUL in the environment is refused', () => {
  expect(told(docker('env: { A: "x\\0y" }'))).toEqual(['run.env.A: a value cannot hold a NUL character']);
});

describe('a health check', () => {
  const check = (what: string): Resolved => resolve(small({ component: `    healthcheck: { ${what} }\n` }));
  const timing = { interval_ms: 10_000, timeout_ms: 5000, start_period_ms: 15_000, retries: 3 };
  test.each([
    ['type: http, url: "http://localhost/health"', { type: 'http', url: 'http://localhost/health', expect_status: 200, expect_body_contains: null, ...timing }],
    ['type: tcp, port: 5432, start_period: 20s', { type: 'tcp', host: 'localhost', port: 5432, ...timing, start_period_ms: 20_000 }],
    ['type: tcp, port: "5432", host: db', { type: 'tcp', host: 'db', port: 5432, ...timing }],
    ['type: command, command: "test -f /ok", retries: 9', { type: 'command', command: 'test -f /ok', ...timing, retries: 9 }],
  ])('{ %s } has every default', (what, expected) => {
    expect(check(what)).toMatchObject({ placement: { healthcheck: expected }, problems: [] });
  });
  test.each([['type: tcp, port: "0"', 'healthcheck.port: "0" is not a port'], ['type: tcp, port: "65536"', 'healthcheck.port: "65536" is not a port'], ['type: http, url: "ftp://x"', 'healthcheck.url: "ftp://x" is not an http or https address'], ['type: http, url: localhost', 'healthcheck.url: "localhost" is not an http or https address']])('{ %s } is refused', (what, message) => {
    expect(told(check(what))).toEqual([message]);
  });
});
