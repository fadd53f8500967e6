/** Keys and values that the language does not have. */
import type { DiagnosticEntry } from './entry.js';

const docker = 'type: docker\nimage: nginx\n';
const tcp = 'healthcheck:\n  type: tcp\n  port: 80\n';
const file = (rest: string): string => `config:\n  files:\n    - { source: app.conf, dest: /etc/app.conf${rest} }`;
const files = { 'app.conf': 'listen 80\n' };
const named = (project: string): string => `api_version: maestro/v1\nproject: ${project}\nhosts: { h1: {} }\ncomponents: { web: { run: { type: docker, image: nginx } } }\ndeployment: [{ host: h1, components: [web] }]\n`;

export const shapeEntries: DiagnosticEntry[] = [
  {
    name: 'unknown-key', meaning: 'There is no such key here. The nearest known one is named when one is near.', frame: 'components.web',
    bad: '▸healtcheck: { type: tcp, port: 80 }', good: 'healthcheck: { type: tcp, port: 80 }', path: 'components.web.healtcheck', message: /^unknown key "healtcheck" \(did you mean "healthcheck"\?\)$/,
  },
  {
    name: 'missing-key', meaning: 'A required key is missing from the map that is shown.', frame: 'deployment',
    bad: '- ▸host: h1', good: '- host: h1\n  components: [web]', path: 'deployment[0].components', message: /"components" is missing/,
  },
  {
    name: 'unknown-type', meaning: 'type decides which other keys there are; it is missing or none of the known ones.', frame: 'components.web.run',
    bad: 'type: ▸podman\nimage: nginx', good: docker.trim(), path: 'components.web.run.type', message: /not one of the known types/,
  },
  {
    name: 'unknown-word', meaning: 'The key takes one of a few words, and this is none of them.', frame: 'components.web.run',
    bad: `${docker}restart: ▸alway`, good: `${docker}restart: always`, path: 'components.web.run.restart', message: /not one of the allowed values: no, on-failure, always, unless-stopped \(did you mean "always"\?\)/,
  },
  {
    name: 'wrong-type', meaning: 'The value is of another type: a number where a text belongs, a map where a list belongs.', frame: 'hosts.h1',
    bad: 'address: ▸10', good: 'address: "10"', path: 'hosts.h1.address', message: /expected text, found a number: 10/,
  },
  {
    name: 'wrong-form', meaning: 'The value may have several forms, and this is none of them.', frame: 'components.web.run',
    bad: `${docker}command: ▸{ sleep: 5 }`, good: `${docker}command: [sleep, "5"]`, path: 'components.web.run.command', message: /expected text or a list, found a map/,
  },
  {
    name: 'empty-list', meaning: 'The list needs at least one entry.', frame: 'deployment',
    bad: '- host: h1\n  components: ▸[]', good: '- host: h1\n  components: [web]', path: 'deployment[0].components', message: /"components" is empty/,
  },
  {
    name: 'not-an-id', meaning: 'Ids of hosts and components are lower-case letters, digits, ".", "_" and "-", start with a letter or digit, and have at most 63 characters.', frame: 'deployment',
    bad: '- host: ▸Web-01\n  components: [web]', good: '- host: h1\n  components: [web]', path: 'deployment[0].host', message: /^not an id/,
  },
  {
    name: 'out-of-range', meaning: 'The number is smaller or larger than the key takes.', frame: 'hosts.h1',
    bad: 'port: ▸70000', good: 'port: 2222', path: 'hosts.h1.port', message: /^expected at most 65535, found 70000$/,
  },
  {
    name: 'empty-value', meaning: 'The key is there, but it says nothing.', frame: 'components.web.run',
    bad: 'type: docker\nimage: ▸" "', good: docker.trim(), path: 'components.web.run.image', message: /must not be empty/,
  },
  {
    name: 'control-characters', meaning: 'The value is shown in terminals, and becomes a part of files and commands on the host.', frame: 'components.web.run',
    bad: 'type: systemd\ncommand: ▸"/bin/app \\e[2J"', good: 'type: systemd\ncommand: /bin/app', path: 'components.web.run.command', message: /must not have control characters/,
  },
  {
    name: 'more-than-one-line', meaning: 'The value becomes one line of a command or of a file on the host.', frame: 'components.web.run',
    bad: 'type: systemd\ncommand: ▸"/bin/app\\nUser=root"', good: 'type: systemd\ncommand: /bin/app', path: 'components.web.run.command', message: /must be one line/,
  },
  {
    name: 'name-too-long', meaning: 'The name of a project has at most 128 characters.', frame: 'a whole document',
    bad: { shown: 'project: a name of 129 characters', text: named(`▸${'x'.repeat(129)}`) }, good: { shown: 'project: shop', text: named('shop') }, path: 'project', message: /more than 128 characters/,
  },
  {
    name: 'not-a-variable-name', meaning: 'Names of environment variables are letters, digits and "_", and do not start with a digit.', frame: 'components.web.run',
    bad: `${docker}env:\n  ▸MY-SITE: shop`, good: `${docker}env:\n  MY_SITE: shop`, path: 'components.web.run.env.MY-SITE', message: /names of environment variables/,
  },
  {
    name: 'not-a-duration', meaning: 'Durations are written with ms, s, m and h, such as 1h30m; a bare number is seconds. The longest is 24 days.', frame: 'components.web',
    bad: `${tcp}  timeout: ▸5d`, good: `${tcp}  timeout: 5s`, path: 'components.web.healthcheck.timeout', message: /"5d" is not a duration/,
  },
  {
    name: 'no-time-at-all', meaning: 'This duration must be longer than nothing.', frame: 'components.web',
    bad: `${tcp}  interval: ▸0s`, good: `${tcp}  interval: 10s`, path: 'components.web.healthcheck.interval', message: /must be longer than nothing/,
  },
  {
    name: 'not-an-amount-of-memory', meaning: 'Memory is a number of bytes, or a number with k, m, g or t.', frame: 'components.web',
    bad: 'resources:\n  memory: ▸lots', good: 'resources:\n  memory: 512m', path: 'components.web.resources.memory', message: /"lots" is not an amount of memory/,
  },
  {
    name: 'not-a-number-of-cpus', meaning: 'CPUs are a number from 0.01; 1 is one processor.', frame: 'components.web',
    bad: 'resources:\n  cpus: ▸0.001', good: 'resources:\n  cpus: 0.5', path: 'components.web.resources.cpus', message: /"0.001" is not a number of CPUs/,
  },
  {
    name: 'not-a-fraction', meaning: 'A fraction is a number above 0 and at most 1, or a percentage.', frame: 'deployment',
    bad: '- host: h1\n  components: [web]\n  strategy: canary\n  canary: { initial_fraction: ▸1.5 }', good: '- host: h1\n  components: [web]\n  strategy: canary\n  canary: { initial_fraction: 20% }', path: 'deployment[0].canary.initial_fraction', message: /"1.5" is not a fraction/,
  },
  {
    name: 'not-a-file-mode', meaning: 'File modes are octal: digits from 0 to 7, at most 07777.', frame: 'components.web', files,
    bad: file(', mode: ▸0689'), good: file(', mode: 0640'), path: 'components.web.config.files[0].mode', message: /"0689" is not an octal file mode/,
  },
  {
    name: 'not-a-port', meaning: 'The port of a health check is a number from 1 to 65535, or a template that gives one.', frame: 'components.web',
    bad: 'healthcheck: { type: tcp, port: ▸http }', good: 'healthcheck: { type: tcp, port: 80 }', path: 'components.web.healthcheck.port', message: /expected a port from 1 to 65535/,
  },
  {
    name: 'test-of-one-kind', meaning: 'A test is a shell command, or an http request with a url.', frame: 'components.web',
    bad: 'tests:\n  smoke: ▸{ url: "http://localhost/" }', good: 'tests:\n  smoke: { type: http, url: "http://localhost/" }', path: 'components.web.tests.smoke', message: /a test is a command, or an http request/,
  },
  {
    name: 'expectation-of-a-command', meaning: 'A command passes with exit code 0; a status and a body are expected of an http test.', frame: 'components.web',
    bad: 'tests:\n  smoke: ▸{ command: make smoke, expect_status: 200 }', good: 'tests:\n  smoke: { command: make smoke }', path: 'components.web.tests.smoke', message: /are for an http test/,
  },
  {
    name: 'not-a-test-name', meaning: 'Names of tests are at most 63 letters, digits, spaces, ".", "_" and "-", and start with a letter or digit.', frame: 'components.web',
    bad: 'tests: { ▸"smoke/http": { command: make smoke } }', good: 'tests: { smoke-http: { command: make smoke } }', path: 'components.web.tests.smoke/http', message: /names of tests are/,
  },
  {
    name: 'hosts-in-one-way', meaning: 'A binding names its hosts by host, by hosts or by tags.', frame: 'deployment',
    bad: '- ▸host: h1\n  tags: [blue]\n  components: [web]', good: '- tags: [blue]\n  components: [web]', path: 'deployment[0]', message: /in exactly one way/,
  },
];
