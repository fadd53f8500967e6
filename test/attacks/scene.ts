/** The document that payloads are put into: at least one place for every field of the schema, and every part of it can be carried out. */
import { type Field, nameOf, placed } from './schema-fields.js';

const quick = { interval: '100ms', timeout: '500ms', start_period: 0, retries: 1 };
const config = { templates: [{ source: 't.j2', dest: 't.conf' }], files: [{ source: 'plain.txt', dest: 'plain.txt', strategy: 'atomic' }], vars: { text: 'x' } };
const sleeping = { type: 'systemd', command: '/usr/bin/sleep infinity', user: 'deploy', group: 'deploy', env: { TEXT: 'x' }, resources: { memory: '64m', cpus: 1 } };
const bound = (component: string): object => ({ host: 'h1', components: [component] });

/** What its files hold; the template shows what it is given, byte by byte. */
export const files: Readonly<Record<string, string>> = { 't.j2': '{{ text }}', 'plain.txt': 'plain' };

export const components: Readonly<Record<string, object>> = {
  container: { description: 'x', source: { type: 'docker', image: 'demo/web', tag: '1' }, run: { type: 'docker', env: { TEXT: 'x' }, networks: [], restart: 'no', resources: { memory: '64m' } }, resources: { memory: '64m' } },
  unit: { config: { ...config, secrets: { TOKEN: '{{ vault://team/token }}' } }, run: sleeping, reload_triggers: {}, tests: { smoke: { command: 'true' }, page: { type: 'http', url: 'http://127.0.0.1:8000/', expect_status: 200, expect_body_contains: 'served' } } },
  page: { config, run: sleeping, healthcheck: { type: 'http', url: 'http://127.0.0.1:8000/', expect_body_contains: 'served', ...quick } },
  port: { config, run: sleeping, healthcheck: { type: 'tcp', host: '127.0.0.1', port: 8000, ...quick } },
  checked: { run: sleeping, healthcheck: { type: 'command', command: 'true', ...quick } },
  cloned: { source: { type: 'git', repo: 'file:///srv/git/app.git', ref: 'main', subpath: 'src' }, build: [{ command: 'test -n "$TEXT" && printf %s "$TEXT" > built', env: { TEXT: 'x' }, working_dir: '.' }], run: sleeping },
  unpacked: { source: { type: 'archive', path: '/srv/app.tar', subpath: 'src' }, run: sleeping },
  uploaded: { source: { type: 'artifact', artifact_id: '0123456789abcdef'.repeat(4), subpath: 'src' }, run: sleeping },
};

export const document = (chosen: Readonly<Record<string, object>> = components): object => ({
  api_version: 'maestro/v1', project: 'attacked', description: 'x',
  hosts: { h1: { address: '10.0.0.1', user: 'deploy', tags: ['one'] } },
  components: chosen, deployment: Object.keys(chosen).map(bound), defaults: { component: { description: 'x' }, host: { user: 'deploy' } },
});

/** How a payload is dressed for a field that takes only texts of a certain form: as it is, and in that form. */
const dresses: Readonly<Record<string, readonly string[]>> = {
  'components.*.source<docker>.image': ['demo/{}', 'registry.test/{}'], 'components.*.run<docker>.image': ['demo/{}:1', 'demo/web:{}', 'demo/web@{}'],
  'components.*.source<git>.repo': ['file:///srv/git/{}', 'https://127.0.0.1:1/{}', 'ssh://git@127.0.0.1:1/{}', 'git@127.0.0.1:{}', 'https://{}/x.git'], 'components.*.source<git>.ref': ['refs/heads/{}'], 'components.*.source<archive>.path': ['/srv/{}.tar', '{}.tar'],
  'components.*.run<systemd>.working_directory': ['/srv/named/{}'], 'components.*.config.templates[].dest': ['/srv/named/a/{}'], 'components.*.config.files[].dest': ['/srv/named/b/{}'],
  'components.*.run<docker>.volumes[]': ['/srv/named/{}:/x', 'data:/named/{}', '{}:/x:ro'], 'components.*.run<docker>.ports[]': ['{}:80', '8080:{}', '127.0.0.1:8080:80/{}'], 'components.*.run<systemd>.unit_name': ['maestro-{}.service'], 'components.*.run<docker>.container_name': ['maestro-{}'],
  'components.*.healthcheck<http>.url': ['http://127.0.0.1:8000/{}', 'http://{}/'], 'components.*.tests.*.url': ['http://127.0.0.1:8000/{}', 'http://{}/'], 'credentials_ref': ['vault://{}', './{}'], 'components.*.config.secrets.*': ['{{ vault://{} }}'],
};

export const dressed = (field: Field, text: string): string[] => [text, ...(dresses[nameOf(field)] ?? []).map((form) => form.replaceAll('{}', () => text))];

/** Fields that are programs by declaration: what they hold is run, and is not data. */
export const declaredPrograms: ReadonlySet<string> = new Set([
  'components.*.build[].command', 'components.*.tests.*.command', 'components.*.healthcheck<command>.command', 'components.*.run<docker>.command', 'components.*.run<docker>.command[]', 'components.*.run<docker>.reload_command', 'components.*.run<systemd>.command', 'components.*.run<systemd>.reload_command',
]);

/** Fields that say whom to ask: an address in them is asked, as it says. */
export const addresses: ReadonlySet<string> = new Set(['components.*.source<docker>.image', 'components.*.run<docker>.image', 'components.*.source<git>.repo', 'components.*.healthcheck<http>.url', 'components.*.healthcheck<tcp>.host', 'components.*.tests.*.url']);

/** Of a field and a text, the documents that have it, each with one component; none: the scene has no place for the field. */
export function attacked(field: Field, text: string): { component: string; text: string; document: object }[] {
  const carrier = Object.entries(components).find(([id, component]) => placed(document({ [id]: component }), field, 'x') !== null);
  if (carrier === undefined) return [];
  const [id, component] = carrier;
  return dressed(field, text).map((dress) => ({ component: id, text: dress, document: placed(document({ [id]: component }), field, dress) ?? {} }));
}

export const vault: Readonly<Record<string, string>> = { 'team/token': 'a secret of the team' };
