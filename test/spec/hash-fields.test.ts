/** component_hash, field by field: every field of a placement either changes it, or stands below with the reason why not. */
import type { DesiredFile, DesiredPlacement, DesiredTree, DockerRun, Healthcheck, SystemdRun } from '../../spec/desired.js';
import { componentHash } from '../../spec/hash.js';

/** With every field there is: one that is added to the types has to be added here. */
const docker: Required<DockerRun> = {
  type: 'docker', image: 'nginx:1', pinned: 'nginx:1@sha256:aa', pull_policy: 'if_not_present', container_name: 'web', ports: [{ ip: '127.0.0.1', host_port: 80, container_port: 8080, protocol: 'tcp' }],
  volumes: [{ kind: 'bind', source: '/a', target: '/b', read_only: true }], env: { A: '1' }, secret_env: { B: { digest: 'dd', content: 'b' } }, networks: ['back'], restart: 'always', command: ['run', 'it'], resources: { memory_bytes: 1024, cpus: 0.5 }, reload_command: ['web', 'reload'],
};
const systemd: Required<SystemdRun> = {
  type: 'systemd', unit_name: 'web.service', command: '/bin/web', working_directory: '/srv', user: 'deploy', group: 'deploy', env: { A: '1' }, environment_file: '/etc/maestro/units/web.service.env', restart: 'always', restart_sec: 5, resources: { memory_bytes: 1024, cpus: 0.5 }, reload_command: '/bin/reload', slots: { port: 80 }, unit_text: '[Unit]',
};
const file: Required<DesiredFile> = { path: '/etc/a', sha256: 'aa', keyed: true, size: 1, mode: 0o640, owner: 'root', group: 'root', strategy: 'atomic', origin: 'file', content: 'YQ==' };
const tree: Required<DesiredTree> = { dest: '/srv/a', strategy: 'atomic', tree_hash: 'bb', owner: 'root', group: 'root', files: [{ path: 'x', sha256: 'cc', size: 1, mode: 0o644, content: 'YQ==' }] };
const timing = { interval_ms: 1000, timeout_ms: 1000, start_period_ms: 1000, retries: 3 };
const checks: readonly Healthcheck[] = [
  { type: 'http', url: 'http://x/', expect_status: 200, expect_body_contains: 'ok', ...timing }, { type: 'tcp', host: 'localhost', port: 80, ...timing }, { type: 'command', command: 'true', ...timing },
];

const placements: readonly Required<DesiredPlacement>[] = [docker, systemd].flatMap((run) => checks.map((healthcheck) => ({
  deploy_id: 'dpl_1', project: 'shop', version: 1, component: 'web', host: 'h1', hash: '', component_directory: '/opt/maestro/web', deploy_mode: 'hot' as const, reload_on: ['code' as const], follows: { db: 'ff' },
  source: { type: 'git' as const, repo: 'https://x/y.git', ref: 'main', subpath: 'app', source_hash: 'dd', content_version: 1, commit: 'ff' }, credential: { origin: 'https://x', digest: 'dd', content: 'b' }, build: [{ command: 'make', env: { A: '1' }, secret_env: { B: { digest: 'dd', content: 'b' } }, timeout_ms: 1000, working_dir: 'app' }], run, files: [file], trees: [tree], healthcheck, tests: [{ name: 'smoke', when: 'post_deploy' as const, requires: ['unit'], gated: true, timeout_ms: 1000, blocking: true, type: 'http' as const, url: 'http://x/', expect_status: 200, expect_body_contains: 'ok' }], digest_key: 'ee', redact: ['b'], planned: { digest: 'ff', parts: { container: 'ff' } }, allowed: ['host_network' as const],
})));

/** What has no effect on the host. */
const without: Readonly<Record<string, string>> = {
  deploy_id: 'whose it is, is told by the mark of ownership', project: 'a name for people (a unit has it in its text)', version: 'the next version of the same is the same', host: 'each host compares its own', hash: 'the answer itself',
  'files.0.size': 'follows from the content, as sha256 does', 'files.0.content': 'is its sha256', 'files.0.origin': 'where a file came from', 'files.0.keyed': 'how its digest was made; a digest made in another way is another one', 'run.secret_env.B.content': 'is its digest', 'build.0.secret_env.B.content': 'is its digest',
  'source.content_version': 'whose commit it is; the host tells another commit by itself',
  deploy_mode: 'the way to the same end', 'reload_on.0': 'the way to the same end', 'follows.db': 'what others are',
  ...Object.fromEntries(['name', 'when', 'requires.0', 'gated', 'timeout_ms', 'blocking', 'type', 'url', 'expect_status', 'expect_body_contains'].map((key) => [`tests.0.${key}`, 'a test that changed is no reason to touch what runs'])),
  'credential.origin': 'how it is come by; it is no part of what runs', 'credential.digest': 'as credential.origin: another login for the same is no change', 'credential.content': 'is its digest',
  digest_key: 'what digests are made under, which changes them all', 'redact.0': 'is in contents', 'planned.digest': 'how it was seen, and not what it shall be', 'planned.parts.container': 'as planned.digest', 'allowed.0': 'what it may ask for, and not what it is',
  'trees.0.files.0.path': 'is in tree_hash', 'trees.0.files.0.sha256': 'is in tree_hash', 'trees.0.files.0.mode': 'is in tree_hash', 'trees.0.files.0.size': 'follows from the content', 'trees.0.files.0.content': 'is its sha256',
};

type Leaf = string | number | boolean | null;

/** Every leaf by its path, with a function that gives the whole with another leaf in its place. */
function leaves(value: unknown, path: readonly string[] = []): { path: string; changed: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path: path.join('.'), changed: other(value as Leaf) }];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]).map((leaf) => ({
    path: leaf.path, changed: Array.isArray(value) ? value.with(Number(key), leaf.changed) : { ...value, [key]: leaf.changed },
  })));
}

const other = (leaf: Leaf): Leaf => (typeof leaf === 'number' ? leaf + 1 : typeof leaf === 'boolean' ? !leaf : `${String(leaf)}x`);

describe.each(placements.map((placement): [string, Required<DesiredPlacement>] => [`${placement.run.type} with a health check of type ${placement.healthcheck?.type ?? ''}`, placement]))('%s', (_, placement) => {
  test.each(leaves(placement).map(({ path, changed }): [string, unknown] => [path, changed]))('%s', (path, changed) => {
    const hash = componentHash(changed as DesiredPlacement);
    if (without[path] === undefined) expect(hash).not.toBe(componentHash(placement));
    else expect(hash).toBe(componentHash(placement));
  });
  test.each(['run.command', 'healthcheck', 'run.user', 'run.resources.cpus', 'source', 'source.ref', 'source.subpath', 'build.0.working_dir', 'files.0.owner', 'trees.0.group'])('%s left out is another than any that is given', (path) => {
    const replaced = withNull(placement, path.split('.'));
    if (replaced !== undefined) expect(componentHash(replaced as DesiredPlacement)).not.toBe(componentHash(placement));
  });
});

/** Undefined when there is no such field. */
function withNull(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return null;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  const inner = withNull(Object.getOwnPropertyDescriptor(value, key)?.value, rest);
  if (inner === undefined) return undefined;
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}
