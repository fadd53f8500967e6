/** Arbitrary placements and hosts, and a model of what a host does with a plan: pure, and no more than each operation says. */
import fc from 'fast-check';
import type { ArchiveSource, DesiredFile, DesiredPlacement, DesiredSource, DesiredTree, DockerRun, GitSource, SystemdRun } from '../../spec/desired.js';
import { componentHash, sha256Hex } from '../../spec/hash.js';
import type { ObservedContainer, ObservedFile, ObservedPlacement, ObservedSource, ObservedTree, ObservedUnit } from '../../spec/observed.js';
import type { Operation } from '../../spec/plan.js';
import { renderUnit } from '../../spec/systemd-unit.js';

const word = fc.constantFrom('alpha', 'beta', 'gamma');
const limits = fc.record({ memory_bytes: fc.option(fc.integer({ min: 1, max: 1 << 30 })), cpus: fc.option(fc.constantFrom(0.5, 1, 2)) });
const env = fc.dictionary(fc.constantFrom('A', 'B', 'TOKEN'), fc.constantFrom('1', '2', 's3cret'), { maxKeys: 3 });

export const dockerRuns: fc.Arbitrary<DockerRun> = fc.record({
  type: fc.constant('docker' as const), image: word.map((name) => `${name}:1`), pull_policy: fc.constantFrom('if_not_present' as const, 'never' as const), container_name: word,
  ports: fc.uniqueArray(fc.record({ ip: fc.constantFrom('', '127.0.0.1'), host_port: fc.integer({ min: 1, max: 3 }), container_port: fc.integer({ min: 1, max: 3 }), protocol: fc.constantFrom('tcp' as const, 'udp' as const) }), { maxLength: 2, selector: (port) => JSON.stringify(port) }),
  volumes: fc.uniqueArray(fc.record({ kind: fc.constantFrom('bind' as const, 'volume' as const), source: fc.constantFrom('/srv/a', '/srv/b'), target: fc.constantFrom('/a', '/b'), read_only: fc.boolean() }), { maxLength: 2, selector: ({ target }) => target }),
  env, networks: fc.uniqueArray(word, { maxLength: 2 }), restart: fc.constantFrom('no' as const, 'always' as const), command: fc.option(fc.array(word, { maxLength: 2 })), resources: limits,
});

export const systemdRuns: fc.Arbitrary<SystemdRun> = fc.record({
  unit_name: word.map((name) => `${name}.service`), command: word.map((name) => `/bin/${name}`), working_directory: fc.option(fc.constant('/srv/a')), user: fc.option(word), group: fc.option(word),
  env, restart: fc.constantFrom('no' as const, 'always' as const), restart_sec: fc.constantFrom(1, 5), resources: limits,
}).map((run) => ({ type: 'systemd' as const, ...run, unit_text: renderUnit('web', 'shop', run) }));

const turningRuns = systemdRuns.map((run): SystemdRun => ({ ...run, slots: { port: 80 } }));

const hash = fc.constantFrom('one', 'two').map(sha256Hex);
const owner = fc.option(fc.constantFrom('root', 'deploy'));
const files: fc.Arbitrary<DesiredFile[]> = fc.uniqueArray(fc.record({
  path: fc.constantFrom('/etc/a', '/etc/b'), sha256: hash, size: fc.constant(3), mode: fc.constantFrom(0o600, 0o644), owner, group: owner, strategy: fc.constantFrom('atomic' as const, 'overwrite' as const), origin: fc.constantFrom('file' as const, 'template' as const),
}), { maxLength: 2, selector: ({ path }) => path });
const trees: fc.Arbitrary<DesiredTree[]> = fc.uniqueArray(fc.record({
  dest: fc.constantFrom('/srv/x', '/srv/y'), strategy: fc.constantFrom('overwrite' as const, 'atomic_symlink' as const), tree_hash: hash, owner, group: owner, files: fc.constant([]),
}), { maxLength: 2, selector: ({ dest }) => dest });

export const directory = '/opt/maestro/web';
const commit = fc.constantFrom('a'.repeat(40), 'b'.repeat(40));
const anySource = { subpath: fc.constant(null), source_hash: hash, content_version: fc.constant(1) };
const gits: fc.Arbitrary<GitSource> = fc.record({ type: fc.constant('git' as const), repo: fc.constant('https://example.com/web.git'), ref: fc.option(word), ...anySource });
const archives: fc.Arbitrary<ArchiveSource> = fc.record({ type: fc.constantFrom('archive' as const, 'artifact' as const), at: hash.map((sha256) => ({ kind: 'stored' as const, sha256, size: 3 })), ...anySource });
const sources: fc.Arbitrary<DesiredSource> = fc.oneof(gits, archives);
const builds: fc.Arbitrary<DesiredPlacement['build']> = fc.array(fc.record({ command: word, env, timeout_ms: fc.constant(1000), working_dir: fc.constant(null) }), { maxLength: 1 });

/** Of one dependency, so that it is often the same before and after. */
const followed = fc.record({ db: fc.constantFrom('one', 'two') });

type Content = Omit<DesiredPlacement, 'hash' | 'version'>;
export function dockerOf({ run }: DesiredPlacement): DockerRun {
  if (run.type !== 'docker') throw new Error('not a container');
  return run;
}

export const withHash = (content: Content, version = 1): DesiredPlacement => ({ ...content, version, hash: componentHash(content) });

export const placements: fc.Arbitrary<DesiredPlacement> = fc.record({ run: fc.oneof({ weight: 2, arbitrary: dockerRuns }, systemdRuns, turningRuns), source: fc.option(sources), build: builds, files, trees, checked: fc.boolean(), mode: fc.option(fc.constantFrom('hot' as const, 'blue_green' as const)), reload_on: fc.subarray(['code' as const, 'config' as const, 'content' as const]), follows: fc.option(followed) }).map(({ checked, mode, follows, reload_on, ...rest }) => withHash({
  deploy_id: 'dpl_1', project: 'shop', component: 'web', host: 'h1', component_directory: directory, ...(mode === null ? {} : { deploy_mode: mode }), ...rest,
  ...(follows === null ? { reload_on } : { reload_on: [...reload_on, 'dependencies' as const], follows }),
  healthcheck: checked ? { type: 'tcp', host: 'localhost', port: 80, interval_ms: 1000, timeout_ms: 1000, start_period_ms: 0, retries: 3 } : null,
}));

const ownership = (desired: DesiredPlacement): ObservedContainer['owner'] => ({ deploy_id: desired.deploy_id, component: desired.component, version: desired.version, hash: desired.hash });
const freshContainer = (desired: DesiredPlacement, run: DockerRun): ObservedContainer =>
  ({ id: 'c0ffee', owner: ownership(desired), status: 'running', exit_code: 0, image_id: 'sha256:new', wanted_image_id: 'sha256:new', run, started_at: null });
const freshUnit = (run: SystemdRun): ObservedUnit =>
  ({ owned: true, load_state: 'loaded', active_state: 'inactive', sub_state: 'dead', enabled: false, unit_sha256: sha256Hex(run.unit_text), needs_daemon_reload: false, exit_code: 0, run, started_at: null });
/** Beside whatever there was, with everything that leads to it. */
const inTurn = (run: SystemdRun): ObservedUnit => ({ ...freshUnit(run), enabled: true, active_state: 'active', sub_state: 'running', ...(run.slots === undefined ? {} : { slot: { alias: true, published: true } }) });

/** A release is made of the commit that the ref names, whatever that is by then. */
function switched({ source_hash }: DesiredSource, before: ObservedSource | null): ObservedSource {
  const wanted_commit = before?.wanted_commit ?? 'c'.repeat(40);
  return { path: directory, kind: 'link', owned: true, current: { commit: wanted_commit, source_hash }, wanted_commit, trouble: null, prepared: true };
}

const written = ({ path, sha256, mode, owner: user, group }: DesiredFile): ObservedFile => ({ path, kind: 'file', sha256, mode, owner: user ?? 'root', group: group ?? 'root', owned: true });
const unpacked = ({ dest, tree_hash }: DesiredTree): ObservedTree => ({ dest, kind: 'tree', tree_hash, owned: true });

const observedSources = (source: DesiredSource): fc.Arbitrary<ObservedSource> => fc.record({
  path: fc.constant(directory), kind: fc.constantFrom('missing', 'link', 'link', 'link', 'other'), owned: fc.constantFrom(true, true, false),
  current: fc.option(fc.record({ commit, source_hash: fc.oneof(fc.constant(source.source_hash), hash) })), wanted_commit: fc.option(commit), prepared: fc.boolean(),
}).map(({ current, ...rest }) => ({ ...rest, current: rest.kind === 'link' ? current : null, trouble: rest.wanted_commit === null ? 'it does not answer' : null }));

/** A host in any state as far as this placement is concerned: as it shall be, changed, half there, somebody else's. */
export const hostsFor = (desired: DesiredPlacement): fc.Arbitrary<ObservedPlacement> => {
  const { run } = desired;
  const container = run.type !== 'docker' ? fc.constant(null) : fc.option(fc.record({
    id: fc.constant('0ld'), owner: fc.constantFrom(ownership(desired), ownership(desired), null, { deploy_id: 'dpl_2', component: 'web', version: 1, hash: desired.hash }),
    status: fc.constantFrom('running', 'running', 'created', 'restarting', 'paused', 'exited', 'dead', 'removing'), exit_code: fc.constantFrom(0, 1), image_id: fc.constantFrom('sha256:new', 'sha256:old'), wanted_image_id: fc.constantFrom('sha256:new', null),
    run: fc.oneof(fc.constant(run), dockerRuns, dockerRuns.map(({ ports }) => ({ ...run, ports }))), started_at: fc.constant(null), published_by_rules: fc.boolean(),
  }));
  const unit = run.type !== 'systemd' ? fc.constant(null) : fc.option(fc.record({
    owned: fc.constantFrom(true, true, false), load_state: fc.constantFrom('loaded', 'not-found'), active_state: fc.constantFrom('active', 'inactive', 'failed', 'activating', 'deactivating'), sub_state: fc.constantFrom('running', 'auto-restart'),
    enabled: fc.boolean(), unit_sha256: fc.constantFrom(sha256Hex(run.unit_text), sha256Hex('edited'), null), needs_daemon_reload: fc.boolean(), exit_code: fc.constant(0), run: fc.constant(run), started_at: fc.constant(null),
    turn: fc.option(fc.record({ alias: fc.boolean(), published: fc.boolean() })),
  }).map(({ turn, ...found }): ObservedUnit => (turn === null ? found : { ...found, slot: turn })));
  return fc.record({
    component: fc.constant(desired.component), applied_hash: fc.constantFrom(desired.hash, sha256Hex('before'), null), applied_version: fc.constant(1), applied_follows: fc.option(followed), image_present: fc.boolean(), container, unit,
    files: fc.tuple(...desired.files.map(({ path, sha256 }) => fc.oneof(
      fc.constant({ path, kind: 'missing' as const, sha256: null, mode: null, owner: null, group: null, owned: false }), fc.constant({ path, kind: 'other' as const, sha256: null, mode: null, owner: null, group: null, owned: false }),
      fc.record({ path: fc.constant(path), kind: fc.constant('file' as const), sha256: fc.oneof(fc.constant(sha256), hash), mode: fc.constantFrom(0o600, 0o644), owner: fc.constantFrom('root', 'deploy'), group: fc.constantFrom('root', 'deploy'), owned: fc.constantFrom(true, true, false) }),
    ))),
    trees: fc.tuple(...desired.trees.map(({ dest }) => fc.oneof(
      fc.constant({ dest, kind: 'missing' as const, tree_hash: null, owned: false }), fc.record({ dest: fc.constant(dest), kind: fc.constant('tree' as const), tree_hash: fc.option(hash), owned: fc.constantFrom(true, true, false) }),
    ))),
    source: desired.source === null ? fc.constant(null) : fc.option(observedSources(desired.source)),
    health: fc.constantFrom(null, { ok: true, detail: 'ok' }, { ok: false, detail: 'http 503' }),
  });
};

/** The host after the operations, in their order; a health check that is done turns green. */
export function applyPlan(desired: DesiredPlacement, before: ObservedPlacement, operations: readonly Operation[]): ObservedPlacement {
  const after = operations.reduce<ObservedPlacement>((host, operation) => ({ ...host, ...effect(desired, host, operation) }), before);
  // The repository answers by then: what there is, is pinned.
  const source = after.source === null ? null : { ...after.source, wanted_commit: after.source.wanted_commit ?? after.source.current?.commit ?? null, trouble: null };
  return { ...after, source, applied_hash: desired.hash, applied_version: desired.version, applied_follows: desired.follows ?? null };
}

function effect(desired: DesiredPlacement, host: ObservedPlacement, operation: Operation): Partial<ObservedPlacement> {
  const { run } = desired;
  switch (operation.op) {
    case 'pull_image': return { image_present: true };
    case 'create_network': return {};
    case 'write_file': return { files: [...host.files.filter(({ path }) => path !== operation.path), ...desired.files.filter(({ path }) => path === operation.path).map(written)] };
    case 'write_tree': return { trees: [...host.trees.filter(({ dest }) => dest !== operation.dest), ...desired.trees.filter(({ dest }) => dest === operation.dest).map(unpacked)] };
    case 'switch_release': return desired.source === null ? {} : { source: switched(desired.source, host.source) };
    case 'create_container': case 'replace_container': case 'switch_container': return run.type === 'docker' ? { container: freshContainer(desired, run), health: null } : {};
    case 'switch_unit': return run.type === 'systemd' ? { unit: inTurn(run), health: null } : {};
    case 'publish_ports': return host.unit?.slot !== undefined ? { unit: { ...host.unit, slot: { ...host.unit.slot, published: true } } } : host.container === null || run.type !== 'docker' ? {} : { container: { ...host.container, run: { ...host.container.run, ports: run.ports } } };
    case 'reload_container': case 'reload_unit': return { health: null };
    // Docker starts what is stopped, and leaves a paused or restarting container as it is.
    case 'start_container': return host.container !== null && ['created', 'exited'].includes(host.container.status) ? { container: { ...host.container, status: 'running' }, health: null } : {};
    case 'restart_container': return host.container !== null && !['dead', 'removing'].includes(host.container.status) ? { container: { ...host.container, status: 'running' }, health: null } : {};
    case 'write_unit': return run.type === 'systemd' ? { unit: { ...(host.unit ?? freshUnit(run)), owned: true, load_state: 'loaded', unit_sha256: sha256Hex(run.unit_text) } } : {};
    case 'enable_unit': return host.unit === null ? {} : { unit: { ...host.unit, enabled: true, ...(host.unit.slot === undefined ? {} : { slot: { ...host.unit.slot, alias: true } }) } };
    case 'start_unit': case 'restart_unit': return host.unit === null ? {} : { unit: { ...host.unit, active_state: 'active', sub_state: 'running', needs_daemon_reload: false }, health: null };
    case 'remove_owned_file': return {};
    // It waits until what comes and goes stays up.
    case 'check_health': return {
      health: desired.healthcheck === null ? null : { ok: true, detail: 'ok' },
      container: host.container === null || host.container.status !== 'restarting' ? host.container : { ...host.container, status: 'running' },
      unit: host.unit === null || host.unit.active_state !== 'activating' ? host.unit : { ...host.unit, active_state: 'active', sub_state: 'running' },
    };
  }
}
