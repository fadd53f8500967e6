/** Names that must exist, placements, and orders that contradict each other. */
import type { DiagnosticEntry } from './entry.js';

const db = 'db:\n  run: { type: docker, image: postgres }\n';
const web = 'web:\n  run: { type: docker, image: nginx }\n';
const spare = 'spare: ▸{ run: { type: docker, image: redis } }';
const onFirst = '- host: h1\n  components: [web]\n';
const onSecond = '- host: h2\n  components: [web]\n';

const crossed = (order: string): string => `api_version: maestro/v1
project: shop
hosts: { h1: {}, h2: {} }
components:
  db: { run: { type: docker, image: postgres } }
  web: { run: { type: docker, image: nginx }, depends_on: [db] }
deployment:
${order}`;

/** Every component on every host. */
function fleet(hostCount: number, components: Record<string, object>): string {
  const hosts = Array.from({ length: hostCount }, (_, index) => `h${index}`);
  const rest = { api_version: 'maestro/v1', project: 'shop', hosts: Object.fromEntries(hosts.map((id) => [id, {}])), components };
  return `deployment: ▸${JSON.stringify([{ hosts, components: Object.keys(components), strategy: 'parallel' }])}\n${Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('')}`;
}

const run = { type: 'docker', image: 'nginx' };
const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`c${index}`, { run }]));
const tested = (count: number): string => {
  const [bound = '', ...rest] = fleet(1, { web: { run, tests: Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, { command: 'make' }])) } }).split('\n');
  return [bound.replace('▸', ''), ...rest].join('\n').replace('"tests":', '"tests": ▸');
};
const small = fleet(2, { web: { run } }).replace('▸', '');

export const referenceEntries: DiagnosticEntry[] = [
  {
    name: 'unknown-host', meaning: 'A binding names a host that is not in hosts.', frame: 'deployment',
    bad: '- host: ▸h3\n  components: [web]', good: onFirst.trim(), path: 'deployment[0].host', message: /there is no host "h3"/,
  },
  {
    name: 'unknown-component', meaning: 'A binding, depends_on or requires names a component that is not in components.', frame: 'components',
    bad: `${db}${web}  depends_on: [▸database]`, good: `${db}${web}  depends_on: [db]`, path: 'components.web.depends_on[0]', message: /there is no component "database"/,
  },
  {
    name: 'docker-source-needs-docker', meaning: 'What comes as an image can only run as a container.', frame: 'components.web',
    bad: 'source: { type: docker, image: nginx }\nrun: { type: ▸systemd, command: /bin/app }', good: 'source: { type: docker, image: nginx }\nrun: { type: docker }', path: 'components.web.run.type', message: /a docker source needs run.type docker/,
  },
  {
    name: 'build-ignored', warning: true, meaning: 'An image is pulled, not built: its build steps never run.', frame: 'components.web',
    bad: 'source: { type: docker, image: nginx }\nbuild: ▸[{ command: make }]', good: 'source: { type: docker, image: nginx }', path: 'components.web.build', message: /build is ignored/,
  },
  {
    name: 'no-host-has-the-tags', meaning: 'A binding chooses hosts by tags that no host has together.', frame: 'deployment',
    bad: `${onFirst}- tags: ▸[green]\n  components: [web]`, good: `${onFirst}- tags: [blue]\n  components: [web]`, path: 'deployment[1].tags', message: /no host has the tags green/,
  },
  {
    name: 'placed-twice', meaning: 'The same component comes to the same host by two bindings.', frame: 'deployment',
    bad: `${onFirst}- hosts: [h2, h1]\n  components: [▸web]`, good: `${onFirst}${onSecond}`.trim(), path: 'deployment[1].components[0]', message: /web is placed on h1 twice/,
  },
  {
    name: 'canary-ignored', warning: true, meaning: 'The steps of a canary stand in a binding with another strategy.', frame: 'deployment',
    bad: `${onFirst.trim()}\n  canary: ▸{ initial_fraction: 20% }`, good: `${onFirst.trim()}\n  strategy: canary\n  canary: { initial_fraction: 20% }`, path: 'deployment[0].canary', message: /canary is ignored: the strategy is sequential/,
  },
  {
    name: 'max-parallel-ignored', warning: true, meaning: 'A limit of hosts at a time stands in a binding whose hosts go one after the other anyway.', frame: 'deployment',
    bad: `${onFirst.trim()}\n  max_parallel: ▸2`, good: `${onFirst.trim()}\n  strategy: parallel\n  max_parallel: 2`, path: 'deployment[0].max_parallel', message: /max_parallel is ignored/,
  },
  {
    name: 'offline-deadline-ignored', warning: true, meaning: 'Only a binding that waits for a host has a deadline for it.', frame: 'deployment',
    bad: `${onFirst.trim()}\n  offline: skip\n  offline_deadline: ▸2h`, good: `${onFirst.trim()}\n  offline_deadline: 2h`, path: 'deployment[0].offline_deadline', message: /offline_deadline is ignored: offline is skip/,
  },
  {
    name: 'placed-nowhere', warning: true, meaning: 'No binding has this component: nothing of it is deployed.', frame: 'components',
    bad: `${db}${web}${spare}`, good: `${db}${web}`.trim(), path: 'components.spare', message: /spare is placed on no host/,
  },
  {
    name: 'waits-for-what-is-nowhere', meaning: 'A component depends on one that no binding has, so it would wait for ever.', frame: 'components',
    bad: `${db}${web}  depends_on: [▸spare]\n${spare.replace('▸', '')}`, good: `${db}${web}  depends_on: [db]`, path: 'components.web.depends_on[0]', message: /web waits for spare, which is placed on no host/, besides: 'placed-nowhere',
  },
  {
    name: 'circle-of-components', meaning: 'Components depend on each other in a circle, which the message shows whole.', frame: 'components',
    bad: `${db}  depends_on: ▸[web]\n${web}  depends_on: [db]`, good: `${db}${web}  depends_on: [db]`, path: 'components.db.depends_on', message: /in a circle: db → web → db/,
  },
  {
    name: 'circle-of-tests', meaning: 'Tests of a component require each other in a circle, which the message shows whole.', frame: 'components',
    bad: `${db}${web}  tests:\n    a: { command: make a, requires: ▸[b] }\n    b: { command: make b, requires: [a] }`, good: `${db}${web}  tests:\n    a: { command: make a }\n    b: { command: make b, requires: [a] }`, path: 'components.web.tests.a.requires', message: /in a circle: a → b → a/,
  },
  {
    name: 'test-requires-a-later-one', meaning: 'A test before the change cannot require one that runs after it.', frame: 'components',
    bad: `${db}${web}  tests:\n    unit: { command: make unit, when: pre_deploy, requires: [▸smoke] }\n    smoke: { command: make smoke }`, good: `${db}${web}  tests:\n    unit: { command: make unit, when: pre_deploy }\n    smoke: { command: make smoke, requires: [unit] }`, path: 'components.web.tests.unit.requires[0]', message: /"unit" runs before anything is changed/,
  },
  {
    name: 'test-requires-what-is-not-waited-for', meaning: 'A component that a test requires is healthy by then only if the tested one depends on it.', frame: 'components',
    bad: `${db}${web}  tests:\n    smoke: { command: make smoke, requires: [▸db] }`, good: `${db}${web}  depends_on: [db]\n  tests:\n    smoke: { command: make smoke, requires: [db] }`, path: 'components.web.tests.smoke.requires[0]', message: /the test requires db, which web does not wait for/,
  },
  {
    name: 'test-too-long', meaning: 'A test may take at most 20 minutes.', frame: 'components',
    bad: `${db}${web}  tests:\n    soak: { command: make soak, timeout: ▸1h }`, good: `${db}${web}  tests:\n    soak: { command: make soak, timeout: 20m }`, path: 'components.web.tests.soak.timeout', message: /at most 20 minutes/,
  },
  {
    name: 'too-many-tests', meaning: 'A component has at most 50 tests.', frame: 'a whole document',
    bad: { shown: 'a component with 51 tests', text: tested(51) }, good: { shown: 'a component with 2 tests', text: tested(2).replace('▸', '') }, path: 'components.web.tests', message: /at most 50 tests/,
  },
  {
    name: 'circle-of-hosts', meaning: 'Bindings wait for each other’s hosts in a circle, which the message shows whole.', frame: 'deployment',
    bad: `${onFirst}  depends_on_hosts: ▸[h2]\n${onSecond}  depends_on_hosts: [h1]`, good: `${onFirst}${onSecond}  depends_on_hosts: [h1]`, path: 'deployment[0].depends_on_hosts', message: /in a circle: h1 → h2 → h1/,
  },
  {
    name: 'orders-contradict', meaning: 'depends_on asks for one order of two hosts, depends_on_hosts for the other.', frame: 'a whole document',
    bad: crossed('  ▸- { host: h1, components: [web] }\n  - { host: h2, components: [db], depends_on_hosts: [h1] }\n'),
    good: crossed('  - { host: h1, components: [web], depends_on_hosts: [h2] }\n  - { host: h2, components: [db] }\n'), path: 'deployment', message: /placements wait for each other in a circle/,
  },
  {
    name: 'too-many-placements', meaning: 'A deploy has at most 5000 placements.', frame: 'a whole document',
    bad: { shown: '51 components on each of 100 hosts', text: fleet(100, many) }, good: { shown: '1 component on each of 2 hosts', text: small }, path: 'deployment', message: /more than 5000 placements/,
  },
  {
    name: 'too-many-dependences', meaning: 'Placements wait for each other at most 300,000 times.', frame: 'a whole document',
    bad: { shown: 'web depends on db, each on 600 hosts', text: fleet(600, { db: { run }, web: { run, depends_on: ['db'] } }) }, good: { shown: '1 component on each of 2 hosts', text: small }, path: 'deployment', message: /wait for each other 360000 times/,
  },
  {
    name: 'too-much-text', meaning: 'The components of all placements together have at most 16 MiB.', frame: 'a whole document',
    bad: { shown: 'a component of 40 KB on 500 hosts', text: fleet(500, { web: { run, description: 'x'.repeat(40_000) } }) }, good: { shown: '1 component on each of 2 hosts', text: small }, path: 'deployment', message: /larger than 16 MiB/,
  },
];
