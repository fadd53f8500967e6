/**
 * For every key of the language a value that is right, as it is written in a map, and the document around the map.
 * test/docs reads them all; docs/yaml-reference.md is made of them.
 */
import type { Files } from './findings.js';

export type Keys = Readonly<Record<string, string>>;
export interface Examples {
  /** The document with a map of these keys at its place. */
  around(keys: Keys): string;
  /** Keys without which the map would not be right. */
  required: Keys;
  keys: Keys;
}

export const exampleFiles: Files = { 'app.conf': 'listen 80\n', 'app.conf.j2': 'listen {{ hosts[host_id].port }}\n', 'static/index.html': '<h1>shop</h1>\n' };

const flow = (keys: Keys): string => `{ ${Object.entries(keys).map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
const lines = (keys: Keys): string => Object.entries(keys).map(([key, value]) => `${key}: ${value}\n`).join('');

const docker: Keys = { type: 'docker', image: 'nginx' };
const whole: Keys = {
  api_version: 'maestro/v1', project: 'shop', hosts: '{ h1: {}, h2: { tags: [blue] } }',
  components: `{ db: { run: { type: docker, image: postgres } }, web: { run: ${flow(docker)} } }`, deployment: '[{ host: h1, components: [db, web] }]',
};
const component = (keys: Keys): string => lines({ ...whole, components: `{ db: { run: { type: docker, image: postgres } }, web: ${flow({ run: flow(docker), ...keys })} }` });
const binding = (keys: Keys): string => lines({ ...whole, deployment: `[${flow(keys)}]` });
const inComponent = (key: string) => (keys: Keys): string => component({ [key]: flow(keys) });
const inConfig = (key: string) => (keys: Keys): string => component({ config: `{ ${key}: [${flow(keys)}] }` });
/** A test is one or the other. */
const kindOfTest = (keys: Keys): Keys =>
  (['type', 'url', 'expect_status', 'expect_body_contains'].some((key) => key in keys) ? { type: 'http', url: '"http://localhost:8080/"' } : { command: 'npm run smoke' });
const source = (required: Keys, keys: Keys): Examples => ({ around: inComponent('source'), required, keys });

const git: Keys = { type: 'git', repo: '"https://example.com/shop.git"' };
const limits: Keys = { memory: '512m', cpus: '0.5' };
const timing: Keys = { interval: '10s', timeout: '500ms', start_period: '1m30s', retries: '5' };
const bound: Keys = { host: 'h1', components: '[db, web]' };

/** `tags` and `hosts` stand in the place of `host`; keys of a strategy come with it. */
const bindingAround = (written: Keys): string => {
  const keys = 'strategy' in written ? written : { ...written, ...('canary' in written ? { strategy: 'canary' } : 'max_parallel' in written ? { strategy: 'parallel' } : {}) };
  const { host, ...rest } = keys;
  return binding('hosts' in rest || 'tags' in rest || host === undefined ? rest : keys);
};

export const examples: Readonly<Record<string, Examples>> = {
  '': {
    around: lines, required: whole,
    keys: { description: 'A shop', defaults: '{ host: { user: deploy } }', credentials_ref: '"vault://prod"' },
  },
  'hosts.<id>': {
    around: (keys) => lines({ ...whole, hosts: `{ h1: ${flow(keys)} }` }), required: {},
    keys: { type: 'linux', address: '10.0.0.10', port: '2222', user: 'deploy', tags: '[web, eu]', daemon: '{ install_method: auto }' },
  },
  'hosts.<id>.daemon': {
    around: (keys) => lines({ ...whole, hosts: `{ h1: { daemon: ${flow(keys)} } }` }), required: {},
    keys: { endpoint_override: '"https://10.0.0.10:7443"', install_method: 'manual' },
  },
  'components.<id>': {
    around: component, required: {},
    keys: {
      description: 'The web server', source: '{ type: docker, image: nginx }', build: '[{ command: make }]', config: '{ vars: { site: shop } }', run: '{ type: docker, image: nginx }',
      deploy_mode: 'hot', reload_triggers: '{ config: cold }', depends_on: '[db]', healthcheck: '{ type: tcp, port: 80 }', tests: '{ smoke: { command: "true" } }', resources: '{ memory: 512m }',
      metrics: '{ endpoint: "http://localhost:9100/metrics" }', on_failure: 'rollback', rollback: 'false',
    },
  },
  'components.<id>.source (type: docker)': source(docker, { tag: '1.27-alpine', pull_policy: 'always', credentials_ref: 'vault://registry/login' }),
  'components.<id>.source (type: git)': source(git, { ref: 'v1.10', subpath: 'server', sync: '{ poll_interval: 5m }', credentials_ref: 'vault://git/token' }),
  'components.<id>.source.sync': { around: (keys) => component({ source: flow({ ...git, sync: flow(keys) }) }), required: {}, keys: { poll_interval: '5m', auto_deploy: 'true' } },
  'components.<id>.source (type: archive)': source({ type: 'archive', path: '/srv/shop.tar.gz' }, { subpath: 'dist' }),
  'components.<id>.source (type: artifact)': source({ type: 'artifact', artifact_id: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }, { subpath: 'dist' }),
  'components.<id>.build[]': {
    around: (keys) => component({ build: `[${flow(keys)}]` }), required: { command: 'npm ci' },
    keys: { env: '{ NODE_ENV: production }', timeout: '10m', working_dir: 'server' },
  },
  'components.<id>.config': {
    around: inComponent('config'), required: {},
    keys: { templates: '[{ source: app.conf.j2, dest: /etc/app.conf }]', files: '[{ source: static, dest: /srv/static }]', vars: '{ site: "{{ host_id }}", workers: 4 }', secrets: '{ PASSWORD: "{{ vault://db/password }}" }' },
  },
  'components.<id>.config.templates[]': {
    around: inConfig('templates'), required: { source: 'app.conf.j2', dest: '/etc/app.conf' },
    keys: { mode: '0600', owner: 'deploy', group: 'deploy' },
  },
  'components.<id>.config.files[]': {
    around: inConfig('files'), required: { source: 'app.conf', dest: '/etc/app.conf' },
    keys: { strategy: 'overwrite', mode: '0644', owner: 'deploy' },
  },
  'components.<id>.run (type: docker)': {
    around: inComponent('run'), required: docker,
    keys: {
      container_name: 'shop-web', ports: '["8080:80", "127.0.0.1:8443:443", "53:53/udp"]', volumes: '["data:/var/lib/data", "/srv/static:/static:ro"]', env: '{ SITE: shop, WORKERS: 4 }', networks: '[back]',
      restart: 'always', command: '[nginx, "-g", "daemon off;"]', reload_command: 'nginx -s reload', resources: '{ memory: 512m }',
    },
  },
  'components.<id>.run.resources': { around: (keys) => component({ run: flow({ ...docker, resources: flow(keys) }) }), required: {}, keys: limits },
  'components.<id>.run (type: systemd)': {
    around: inComponent('run'), required: { type: 'systemd', command: '/usr/bin/node server.js' },
    keys: {
      unit_name: 'shop-web', working_directory: '/opt/shop', user: 'deploy', group: 'deploy', env: '{ SITE: shop }', restart: 'always', restart_sec: '2', reload_command: '/bin/kill -HUP $MAINPID', resources: '{ cpus: 0.5 }',
    },
  },
  'components.<id>.reload_triggers': { around: (keys) => component({ run: flow({ ...docker, reload_command: 'nginx -s reload' }), reload_triggers: flow(keys) }), required: {}, keys: { code: 'hot', config: 'hot', dependencies: 'hot', content: 'hot' } },
  'components.<id>.healthcheck (type: http)': { around: inComponent('healthcheck'), required: { type: 'http', url: '"http://localhost:8080/health"' }, keys: { expect_status: '204', expect_body_contains: 'ok', ...timing } },
  'components.<id>.healthcheck (type: tcp)': { around: inComponent('healthcheck'), required: { type: 'tcp', port: '5432' }, keys: { host: '127.0.0.1', ...timing } },
  'components.<id>.healthcheck (type: command)': { around: inComponent('healthcheck'), required: { type: 'command', command: 'test -f /run/ready' }, keys: timing },
  'components.<id>.tests.<name>': {
    around: (keys) => component({ depends_on: '[db]', tests: `{ smoke: ${flow({ ...kindOfTest(keys), ...keys })} }` }), required: {},
    keys: {
      type: 'http', command: 'npm run smoke', url: '"http://localhost:8080/"', expect_status: '200', expect_body_contains: 'shop', when: 'pre_deploy', requires: '[db]', timeout: '1m', blocking: 'false',
    },
  },
  'components.<id>.resources': { around: inComponent('resources'), required: {}, keys: limits },
  'components.<id>.metrics': { around: inComponent('metrics'), required: { endpoint: '"http://localhost:9100/metrics"' }, keys: { allow: '[process_cpu_seconds_total]' } },
  'deployment[]': {
    around: bindingAround, required: bound,
    keys: {
      hosts: '[h1, h2]', tags: '[blue]', depends_on_hosts: '[h2]', strategy: 'parallel', canary: '{ initial_fraction: 20% }', max_parallel: '2', max_failures: '1', on_failure: 'rollback', approval: 'true', offline: 'skip', offline_deadline: '30m',
    },
  },
  'deployment[].canary': { around: (keys) => binding({ ...bound, strategy: 'canary', canary: flow(keys) }), required: {}, keys: { initial_fraction: '0.1', step_fraction: '25%', verify_duration: '5m' } },
  defaults: {
    around: (keys) => lines({ ...whole, defaults: flow(keys) }), required: {},
    keys: { component: '{ healthcheck: { type: tcp, port: 80 } }', host: '{ user: deploy }' },
  },
};
