/** Values of the wrong type, out of range or misspelt: each at its place, with what would be right. */
import { parseDocument } from '../../spec/document/index.js';
import { parseCpus, parseDurationMs, parseFraction, parseMemoryBytes, parseMode } from '../../spec/document/scalars.js';
import { expectError, small } from './marked.js';

const run = (what: string): string => small({ run: `type: docker, ${what}` });
const unit = (what: string): string => small({ source: 'type: archive, path: a.tar', run: `type: systemd, ${what}` });
const health = (what: string): string => small({ component: `    healthcheck: { ${what} }\n` });
const binding = (what: string): string => small({ binding: `host: h1, components: [web], ${what}` });
const file = (what: string): string => small({ component: `    config: { files: [{ source: a, dest: /a, ${what} }] }\n` });

describe('a wrong value is an error at the value', () => {
  const web = 'components.web';
  const cases: [name: string, text: string, path: string, message: RegExp, fix?: RegExp][] = [
    ['another version of the language', small().replace('maestro/v1', '▸maestro/v2'), 'api_version', /maestro\/v1/, /maestro\/v1/],
    ['a number for a text', small().replace('shop', '▸12'), 'project', /expected text, found a number: 12/, /"12"/],
    ['a project of two lines', small().replace('project: shop', 'project: ▸"a\\n[Service]\\nExecStartPre=/bin/evil"'), 'project', /one line/],
    ['an empty project', small().replace('shop', '▸"  "'), 'project', /empty/],
    ['a map with a length for a list', small({ component: '    depends_on: ▸{ length: 0 }\n' }), `${web}.depends_on`, /expected a list, found a map/],
    ['a map with a length for a list that may not be empty', small().replace(/deployment:[\s\S]*/, 'deployment: ▸{ length: 0 }\n'), 'deployment', /expected a list, found a map/],
    ['a list for a map', small({ host: '▸[]' }), 'hosts.h1', /expected a map, found a list/],
    ['nothing for a map', small({ host: '▸ ' }).replace('▸ ', '▸'), 'hosts.h1', /found nothing/],
    ['a port of a host', small({ host: '{ port: ▸70000 }' }), 'hosts.h1.port', /65535/, /at most 65535/],
    ['half a port', small({ host: '{ port: ▸22.5 }' }), 'hosts.h1.port', /whole number/],
    ['an unknown kind of host', small({ host: '{ type: ▸windows }' }), 'hosts.h1.type', /linux, kubernetes/, /linux/],
    ['an unknown source type', small({ source: 'type: ▸dokcer, image: x' }), `${web}.source.type`, /known types/, /docker, git, archive, artifact/],
    ['a source without a type', small({ source: '▸image: x' }).replace('{ ▸', '▸{ '), `${web}.source.type`, /"type" is missing/],
    ['a misspelt restart, with the nearest', run('restart: ▸alway'), `${web}.run.restart`, /did you mean "always"/, /unless-stopped/],
    ['a restart that only Docker has', unit('command: /bin/a, restart: ▸unless-stopped'), `${web}.run.restart`, /no, on-failure, always/],
    ['a boolean in a command', run('command: [sleep, ▸true]'), `${web}.run.command[1]`, /expected text, found true or false/, /"true"/],
    ['a map as a command', run('command: ▸{ a: 1 }'), `${web}.run.command`, /expected text or a list/],
    ['an empty command', unit('command: ▸" "'), `${web}.run.command`, /empty/],
    ['a project that clears the screen', small().replace('project: shop', 'project: ▸"a\\e[2Jb"'), 'project', /control characters/],
    ['a user with a bell', unit('command: /bin/a, user: ▸"x\\a"'), `${web}.run.user`, /control characters/],
    ['a command of two lines', unit('command: ▸"/bin/a\\nUser=root"'), `${web}.run.command`, /one line/],
    ['a user of two lines', unit('command: /bin/a, user: ▸"x\\nUser=root"'), `${web}.run.user`, /one line/],
    ['a name of an environment variable', run('env: { A: x, ▸B-C: y }'), `${web}.run.env.B-C`, /do not start with a digit/],
    ['a name with an equals sign', run('env: { ▸"A=B": y }'), `${web}.run.env.A=B`, /names of environment variables/],
    ['nothing as a value of the environment', run('env: { A: ▸~ }'), `${web}.run.env.A`, /expected text, found nothing/],
    ['the list form of an environment', run('env: ▸["A=1"]'), `${web}.run.env`, /expected a map, found a list/],
    ['memory', run('resources: { memory: ▸lots }'), `${web}.run.resources.memory`, /"lots" is not an amount of memory/, /512m/],
    ['no memory at all', run('resources: { memory: ▸0 }'), `${web}.run.resources.memory`, /not an amount/],
    ['too few CPUs', run('resources: { cpus: ▸0.001 }'), `${web}.run.resources.cpus`, /at least 0.01/],
    ['a status that HTTP does not have', health('type: http, url: "http://x", expect_status: ▸99'), `${web}.healthcheck.expect_status`, /100/, /at least 100/],
    ['a health check without an end', health('type: tcp, port: 1, retries: ▸0'), `${web}.healthcheck.retries`, /^expected at least 1, found 0$/, /at least 1/],
    ['an interval of nothing', health('type: tcp, port: 1, interval: ▸0'), `${web}.healthcheck.interval`, /longer than nothing/],
    ['a duration with an unknown unit', health('type: tcp, port: 1, timeout: ▸5d'), `${web}.healthcheck.timeout`, /"5d" is not a duration/, /500ms, 10s/],
    ['a duration beyond any timer', health('type: tcp, port: 1, timeout: ▸999h'), `${web}.healthcheck.timeout`, /24 days/],
    ['the port of a health check', health('type: tcp, port: ▸70000'), `${web}.healthcheck.port`, /65535/],
    ['the port of a health check in words', health('type: tcp, port: ▸http'), `${web}.healthcheck.port`, /^expected a port from 1 to 65535$/, /^Write a port/],
    ['an empty health command', health('type: command, command: ▸""'), `${web}.healthcheck.command`, /empty/],
    ['a mode with a digit that is not octal', file('mode: ▸0689'), `${web}.config.files[0].mode`, /"0689" is not an octal/, /0640/],
    ['a mode above 07777', file('mode: ▸010000'), `${web}.config.files[0].mode`, /07777/],
    ['a list as a mode', file('mode: ▸[6]'), `${web}.config.files[0].mode`, /octal file mode/],
    ['an unknown strategy for files', file('strategy: ▸symlink'), `${web}.config.files[0].strategy`, /atomic_symlink/],
    ['an id in capitals', small().replace('[web]', '[▸Web]'), 'deployment[0].components[0]', /lower-case/],
    ['an id with a slash', small().replace('[web]', '[▸a/b]'), 'deployment[0].components[0]', /not an id/],
    ['a fraction of more than all', binding('canary: { initial_fraction: ▸1.5 }'), 'deployment[0].canary.initial_fraction', /fraction in \(0, 1\]/],
    ['a fraction of none', binding('canary: { step_fraction: ▸"0%" }'), 'deployment[0].canary.step_fraction', /fraction in \(0, 1\]/],
    ['an unknown strategy', binding('strategy: ▸serial'), 'deployment[0].strategy', /sequential, parallel/],
    ['no hosts at a time', binding('max_parallel: ▸0'), 'deployment[0].max_parallel', /^expected at least 1, found 0$/],
    ['a binding of nothing', small({ binding: 'host: h1, components: ▸[]' }), 'deployment[0].components', /"components" is empty/],
    ['hosts that are none', small({ binding: 'hosts: ▸[], components: [web]' }), 'deployment[0].hosts', /"hosts" is empty/],
    ['tags that are none, which would be every host', small({ binding: 'tags: ▸[], components: [web]' }), 'deployment[0].tags', /"tags" is empty/],
    ['two ways to name hosts', small({ binding: '▸host: h1, tags: [a], components: [web]' }).replace('{ ▸', '▸{ '), 'deployment[0]', /exactly one way/, /Keep one/],
    ['no way to name hosts', small({ binding: '▸components: [web]' }).replace('{ ▸', '▸{ '), 'deployment[0]', /exactly one way/],
    ['a deployment of nothing', small().replace(/deployment:\n.*\n/, 'deployment: ▸[]\n'), 'deployment', /"deployment" is empty/],
  ];
  test.each(cases.map(([name, text, path, message, fix]) => ({ name, text, path, message, fix })))('$name', ({ text, path, message, fix }) => {
    expectError(text, { path, message, ...(fix === undefined ? {} : { fix }) });
  });

  test('a key of the environment or an id that is wrong is shown at the key', () => {
    expectError(small().replace('  h1: {}', '  h1: {}\n  ▸H2: {}'), { path: 'hosts.H2', message: /lower-case/ });
    expectError(small().replace('  h1: {}', `  h1: {}\n  ▸${'x'.repeat(64)}: {}`), { path: `hosts.${'x'.repeat(64)}`, message: /63 characters/ });
  });
  test('more than 500 findings are not told one by one', () => {
    const { errors } = parseDocument(`{${Array.from({ length: 700 }, (_, index) => `k${index}: 1`).join(', ')}}`);
    expect(errors.length).toBeLessThanOrEqual(501 + 5);
  });
});

describe('spellings', () => {
  test.each([['500ms', 500], ['10s', 10_000], ['2m', 120_000], ['1h', 3_600_000], ['1h30m', 5_400_000], ['1.5s', 1500], ['90', 90_000], [90, 90_000], [0.25, 250], [0, 0], ['576h', 2_073_600_000]])('the duration %s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });
  test.each(['', ' ', '5d', '-1s', '1 h', 's', '1h-5m', 'NaN', 'Infinity', '1e3s', -1, NaN, Infinity, '577h'])('%p is no duration', (text) => {
    expect(parseDurationMs(text)).toBeNull();
  });
  test.each([['0640', 0o640], ['640', 0o640], ['0o640', 0o640], ['0', 0], ['07777', 0o7777], ['4755', 0o4755], ['0o1', 1]])('the mode %s', (text, mode) => {
    expect(parseMode(text)).toBe(mode);
  });
  test.each(['', '8', '0689', '010000', '10000', '0x1f', '-640', '0o', 'rw-r--r--', '6 40', '0b1'])('%p is no mode', (text) => {
    expect(parseMode(text)).toBeNull();
  });
  test.each([['512m', 512 * 1024 ** 2], ['512M', 512 * 1024 ** 2], ['1.5g', 1.5 * 1024 ** 3], ['256MiB', 256 * 1024 ** 2], ['1gb', 1024 ** 3], ['1024', 1024], [1024, 1024], ['10 k', 10_240], ['1b', 1]])('%s of memory is %d bytes', (text, bytes) => {
    expect(parseMemoryBytes(text)).toBe(bytes);
  });
  test.each(['', 'm', '-1m', '0', '1x', '99999999t', NaN, Infinity])('%p is no amount of memory', (text) => {
    expect(parseMemoryBytes(text)).toBeNull();
  });
  test.each([['0.5', 0.5], [0.5, 0.5], [2, 2], ['1.25', 1.25], [1 / 3, 0.333333333]])('%s CPUs are %d, in the nano-CPUs of Docker', (text, cpus) => {
    expect(parseCpus(text)).toBe(cpus);
  });
  test.each(['', 'half', 0, -1, 0.009, 1e9, '1e2', NaN])('%p is no number of CPUs', (text) => {
    expect(parseCpus(text)).toBeNull();
  });
  test.each([[0.2, 0.2], [1, 1], ['20%', 0.2], ['0.5', 0.5], ['100%', 1]])('the fraction %s is %d', (text, fraction) => {
    expect(parseFraction(text)).toBe(fraction);
  });
  test.each([0, -0.1, 1.01, '0%', '101%', '%', '', 'x', '0x1', '1e-1', NaN])('%p is no fraction', (text) => {
    expect(parseFraction(text)).toBeNull();
  });
});
