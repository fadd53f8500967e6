/** What a host has to do: decided from what shall be and what is, field by field; after it is done there is nothing left. */
import fc from 'fast-check';
import type { DesiredPlacement, DockerRun, SystemdRun } from '../../spec/desired.js';
import { canonicalJson, componentHash, sha256Hex, treeHash } from '../../spec/hash.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import { planHost } from '../../spec/plan-host.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { renderUnit } from '../../spec/systemd-unit.js';

const facts = { docker: true, systemd: true, missing: [] };
const dockerRun: DockerRun = {
  type: 'docker', image: 'web:1', pull_policy: 'if_not_present', container_name: 'web', ports: [{ ip: '', host_port: 80, container_port: 8080, protocol: 'tcp' }],
  volumes: [], env: { LEVEL: 'info', TOKEN: 'do-not-print' }, networks: [], restart: 'unless-stopped', command: null, resources: { memory_bytes: null, cpus: null },
};
const unitBase = { unit_name: 'job.service', command: '/bin/job', working_directory: null, user: null, group: null, env: {}, restart: 'on-failure' as const, restart_sec: 5, resources: { memory_bytes: null, cpus: null } };
const systemdRun: SystemdRun = { type: 'systemd', ...unitBase, unit_text: renderUnit('job', 'shop', unitBase) };

function placement(run: DockerRun | SystemdRun, extra: Partial<DesiredPlacement> = {}): DesiredPlacement {
  const content = {
    deploy_id: 'dpl_1', project: 'shop', component: run.type === 'docker' ? 'web' : 'job', host: 'h1', component_directory: '/opt/maestro/web', run,
    source: null, build: [], files: [], trees: [], healthcheck: { type: 'tcp' as const, host: 'localhost', port: 80, interval_ms: 1000, timeout_ms: 1000, start_period_ms: 1000, retries: 3 }, ...extra,
  };
  return { ...content, version: 1, hash: componentHash(content) };
}

/** The world after a placement was applied as it should be. */
function applied(desired: DesiredPlacement): ObservedPlacement {
  const { run } = desired;
  const owner = { deploy_id: desired.deploy_id, component: desired.component, version: desired.version, hash: desired.hash };
  return {
    component: desired.component, applied_hash: desired.hash, applied_version: desired.version, image_present: true,
    container: run.type === 'docker' ? { id: 'c'.repeat(64), owner, status: 'running', exit_code: 0, image_id: 'sha256:1', wanted_image_id: 'sha256:1', started_at: null, run } : null,
    unit: run.type === 'systemd' ? { owned: true, load_state: 'loaded', active_state: 'active', sub_state: 'running', enabled: true, unit_sha256: sha256Hex(run.unit_text), needs_daemon_reload: false, exit_code: 0, run, started_at: null } : null,
    files: desired.files.map(({ path, sha256, mode, owner: user, group }) => ({ path, kind: 'file', sha256, mode, owner: user ?? 'root', group: group ?? 'root', owned: true })),
    trees: desired.trees.map(({ dest, tree_hash: hash }) => ({ dest, kind: 'tree', tree_hash: hash, owned: true })),
    source: null, health: { ok: true, detail: 'connected' },
  };
}

const one = (desired: DesiredPlacement, observed: ObservedPlacement): PlacementPlan => {
  const [plan] = planHost([desired], [observed], facts);
  if (plan === undefined) throw new Error('no plan');
  return plan;
};
const fieldsOf = (plan: PlacementPlan): string[] => plan.fields.map(({ field, kind }) => `${field} ${kind}`);
const opsOf = (plan: PlacementPlan): string[] => plan.operations.map(({ op }) => op);

const web = placement(dockerRun);
const job = placement(systemdRun);
const container = (change: Record<string, unknown>): ObservedPlacement => {
  const world = applied(web);
  return { ...world, container: world.container === null ? null : { ...world.container, ...change } };
};
const unit = (change: Record<string, unknown>): ObservedPlacement => {
  const world = applied(job);
  return { ...world, unit: world.unit === null ? null : { ...world.unit, ...change } };
};

describe('a container', () => {
  test('that is as it shall be needs nothing', () => {
    expect(one(web, applied(web))).toMatchObject({ action: 'unchanged', operations: [], fields: [], observed_state: 'healthy', restart: false, downtime: false });
  });
  test('that was never there is created: image first, health last', () => {
    const nothing = { ...applied(web), applied_hash: null, image_present: false, container: null, health: null };
    expect(one(web, nothing)).toMatchObject({ action: 'create', needs_prepare: true, downtime: false });
    expect(opsOf(one(web, nothing))).toEqual(['pull_image', 'create_container', 'check_health']);
  });
  test('that was removed by hand is missing', () => {
    expect(fieldsOf(one(web, { ...applied(web), container: null, health: null }))).toEqual(['container missing']);
  });
  test('that exited is started, not made again', () => {
    const plan = one(web, { ...container({ status: 'exited', exit_code: 3 }), health: null });
    expect(plan).toMatchObject({ action: 'restart', observed_state: 'failed', reasons: [expect.stringContaining('exit code 3')] });
    expect(opsOf(plan)).toEqual(['start_container', 'check_health']);
  });
  test.each([
    ['image', { image: 'web:0' }], ['ports', { ports: [] }], ['restart', { restart: 'no' }], ['command', { command: ['x'] }],
    ['networks', { networks: ['n'] }], ['volumes', { volumes: [{ kind: 'bind', source: '/a', target: '/b', read_only: true }] }], ['resources', { resources: { memory_bytes: 1, cpus: null } }],
  ])('whose %s differs is replaced', (field, change) => {
    const plan = one(web, container({ run: { ...dockerRun, ...change } }));
    expect(plan).toMatchObject({ action: 'update', restart: true, downtime: true });
    expect(fieldsOf(plan)).toEqual([`${field} changed`]);
    expect(opsOf(plan)).toContain('replace_container');
  });
  test('whose environment differs is replaced, and no value is ever shown', () => {
    const plan = one(web, container({ run: { ...dockerRun, env: { LEVEL: 'debug', OLD: 'hidden-value' } } }));
    expect(fieldsOf(plan)).toEqual(['env.LEVEL changed', 'env.OLD changed', 'env.TOKEN changed']);
    for (const value of ['do-not-print', 'hidden-value', 'debug']) expect(JSON.stringify(plan)).not.toContain(value);
  });
  test('whose tag names another image by now is replaced', () => {
    expect(fieldsOf(one(web, container({ wanted_image_id: 'sha256:2' })))).toEqual(['image_id changed']);
  });
  test.each([['nobody', null], ['another deploy', { deploy_id: 'dpl_2', component: 'web', version: 1, hash: 'x' }], ['another component', { deploy_id: 'dpl_1', component: 'api', version: 1, hash: 'x' }]])('that belongs to %s is a conflict and untouched', (_, owner) => {
    const plan = one(web, container({ owner }));
    expect(plan).toMatchObject({ action: 'conflict', operations: [] });
    expect(fieldsOf(plan)).toEqual(['container foreign']);
  });
  test('that runs as asked but is unhealthy is looked at again, and not called changed', () => {
    const plan = one(web, { ...applied(web), health: { ok: false, detail: 'http 503' } });
    expect(plan).toMatchObject({ action: 'unchanged', observed_state: 'unhealthy', restart: false });
    expect(opsOf(plan)).toEqual(['check_health']);
    expect(plan.reasons.join()).toContain('http 503');
  });
  test('with pull_policy always has its image pulled again, with never it is not pulled', () => {
    const always = placement({ ...dockerRun, pull_policy: 'always' });
    expect(one(always, applied(always))).toMatchObject({ action: 'unchanged', needs_prepare: true, operations: [{ op: 'pull_image' }] });
    const never = placement({ ...dockerRun, pull_policy: 'never' });
    expect(opsOf(one(never, { ...applied(never), container: null, image_present: false }))).not.toContain('pull_image');
  });
  test('on a host without Docker is a conflict that says so', () => {
    expect(planHost([web], [], { docker: false, systemd: true, missing: ['docker'] })[0]).toMatchObject({ action: 'conflict', reasons: [expect.stringMatching(/Docker/)] });
  });
});

describe('a unit', () => {
  test('that is as it shall be needs nothing', () => {
    expect(one(job, applied(job))).toMatchObject({ action: 'unchanged', operations: [] });
  });
  test('that is not there is written, enabled and started', () => {
    const plan = one(job, { ...applied(job), applied_hash: null, unit: null, health: null });
    expect(opsOf(plan)).toEqual(['write_unit', 'enable_unit', 'start_unit', 'check_health']);
  });
  test('whose file was edited is put right and restarted', () => {
    const plan = one(job, unit({ unit_sha256: 'edited' }));
    expect(fieldsOf(plan)).toEqual(['unit.file changed']);
    expect(opsOf(plan)).toEqual(['write_unit', 'enable_unit', 'restart_unit', 'check_health']);
  });
  test('that was stopped is started and nothing else', () => {
    const plan = one(job, { ...unit({ active_state: 'inactive', sub_state: 'dead' }), health: null });
    expect(fieldsOf(plan)).toEqual(['unit.active_state stopped']);
    expect(opsOf(plan)).toEqual(['start_unit', 'check_health']);
  });
  test('that is not enabled is enabled, without a restart', () => {
    const plan = one(job, unit({ enabled: false }));
    expect(plan.restart).toBe(false);
    expect(opsOf(plan)).toContain('enable_unit');
    expect(opsOf(plan)).not.toContain('restart_unit');
  });
  test('of somebody else is a conflict and untouched', () => {
    expect(one(job, unit({ owned: false }))).toMatchObject({ action: 'conflict', operations: [] });
  });
  test('cannot be given another directive through a value', () => {
    const text = renderUnit('job', 'shop', { ...unitBase, env: { A: 'x"\nUser=root\nB="', P: '50%' } });
    expect(text.split('\n').filter((line) => line.startsWith('User='))).toEqual([]);
    expect(text).toContain('Environment="P=50%%"');
  });
});

const file = (content: string, change: object = {}) => ({ path: '/etc/app.conf', sha256: sha256Hex(content), size: content.length, mode: 0o640, owner: null, group: null, strategy: 'atomic' as const, origin: 'template' as const, ...change });

describe('a file', () => {
  const withFile = placement(dockerRun, { files: [file('new')] });
  const world = (change: object): ObservedPlacement => ({ ...applied(withFile), files: [{ path: '/etc/app.conf', kind: 'file', sha256: sha256Hex('new'), mode: 0o640, owner: 'root', group: 'root', owned: true, ...change }] });

  test.each([['content', { sha256: 'old' }], ['mode', { mode: 0o600 }]])('whose %s differs is written, and its component restarts', (what, change) => {
    const plan = one(withFile, world(change));
    expect(plan).toMatchObject({ action: 'restart', restart: true, reasons: [expect.stringContaining(what)] });
    expect(opsOf(plan)).toEqual(['write_file', 'restart_container', 'check_health']);
    expect(plan.files).toEqual([expect.objectContaining({ path: '/etc/app.conf', new_sha256: sha256Hex('new') })]);
  });
  test('that is missing is written before the component starts', () => {
    expect(fieldsOf(one(withFile, world({ kind: 'missing', sha256: null, mode: null })))).toEqual(['files./etc/app.conf missing']);
  });
  test('of somebody else with other content is a conflict; with the same content it is adopted', () => {
    expect(one(withFile, world({ owned: false, sha256: 'other' }))).toMatchObject({ action: 'conflict', operations: [] });
    expect(one(withFile, world({ owned: false }))).toMatchObject({ action: 'unchanged' });
  });
});

describe('properties', () => {
  const words = fc.stringMatching(/^[a-z]{1,6}$/);
  const runs: fc.Arbitrary<DockerRun> = fc.record({
    type: fc.constant('docker' as const), image: words, pull_policy: fc.constantFrom('if_not_present' as const, 'never' as const), container_name: words,
    ports: fc.array(fc.record({ ip: fc.constant(''), host_port: fc.integer({ min: 1, max: 65535 }), container_port: fc.integer({ min: 1, max: 65535 }), protocol: fc.constantFrom('tcp' as const, 'udp' as const) }), { maxLength: 3 }),
    volumes: fc.constant([]), env: fc.dictionary(words, words, { maxKeys: 3 }), networks: fc.uniqueArray(words, { maxLength: 2 }), restart: fc.constantFrom('no' as const, 'always' as const),
    command: fc.option(fc.array(words, { minLength: 1, maxLength: 3 })), resources: fc.constant({ memory_bytes: null, cpus: null }),
  });
  const placements = fc.tuple(runs, fc.uniqueArray(fc.string({ maxLength: 5 }), { maxLength: 2 })).map(([run, contents]) => placement(run, { files: contents.map((content, index) => file(content, { path: `/etc/f${index}` })) }));

  test('planning after applying yields nothing', () => {
    fc.assert(fc.property(placements, (desired) => {
      expect(one(desired, applied(desired))).toMatchObject({ action: 'unchanged', operations: [], fields: [], files: [] });
    }));
  });
  test('no operation touches a component outside the change', () => {
    fc.assert(fc.property(placements, placements, (changed, same) => {
      const other = { ...same, component: 'other' };
      const plans = planHost([changed, other], [applied(placement({ ...dockerRun, image: 'something-else' })), applied(other)], facts);
      expect(plans[1]).toMatchObject({ component: 'other', operations: [] });
    }));
  });
  test('equal placements hash equal whatever the order of their keys', () => {
    fc.assert(fc.property(fc.dictionary(words, words, { maxKeys: 6 }), (env) => {
      const reversed = Object.fromEntries(Object.entries(env).reverse());
      expect(placement({ ...dockerRun, env: reversed }).hash).toBe(placement({ ...dockerRun, env }).hash);
    }));
  });
  test('any other run section hashes otherwise', () => {
    fc.assert(fc.property(runs, runs, (a, b) => {
      expect(placement(a).hash === placement(b).hash).toBe(canonicalJson(a) === canonicalJson(b));
    }));
  });
  test('the health check, files, modes and owners change the hash; the version number does not', () => {
    const hashes = [web, placement(dockerRun, { healthcheck: null }), ...['a', 'b'].map((text) => placement(dockerRun, { files: [file(text)] })), placement(dockerRun, { files: [file('a', { mode: 0o600 })] }), placement(dockerRun, { files: [file('a', { owner: 'deploy' })] })].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(componentHash({ ...web })).toBe(web.hash);
  });
  test('a folder hashes by paths, modes and contents, whatever the order', () => {
    const files = [{ path: 'a', sha256: '1', mode: 0o644 }, { path: 'b', sha256: '2', mode: 0o755 }];
    expect(treeHash([...files].reverse())).toBe(treeHash(files));
    expect(treeHash([{ path: 'a', sha256: '1', mode: 0o600 }, { path: 'b', sha256: '2', mode: 0o755 }])).not.toBe(treeHash(files));
  });
});
