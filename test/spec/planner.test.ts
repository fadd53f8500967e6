/** The planner against a model of a host: whatever it finds, one apply puts it right, and it touches nothing else. */
import fc from 'fast-check';
import type { DesiredFile, DesiredPlacement } from '../../spec/desired.js';
import { sha256Hex } from '../../spec/hash.js';
import type { ObservedContainer, ObservedPlacement, ObservedSource, ObservedUnit } from '../../spec/observed.js';
import { planHost } from '../../spec/plan-host.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { applyPlan, directory, dockerOf, dockerRuns, hostsFor, placements, systemdRuns, withHash } from './planned-world.js';

const facts = { docker: true, systemd: true, missing: [] };
function planOf(desired: DesiredPlacement, host: ObservedPlacement): PlacementPlan {
  const [plan] = planHost([desired], [host], facts);
  if (plan === undefined) throw new Error('no plan was made');
  return plan;
}
const ops = (plan: PlacementPlan): string[] => plan.operations.map(({ op }) => op);
const worlds = placements.chain((desired) => fc.tuple(fc.constant(desired), hostsFor(desired)));

describe('whatever the host is like', () => {
  test('one apply puts it right: planning again gives nothing to do, unless it is a conflict', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const plan = planOf(desired, host);
      if (plan.action === 'conflict') return;
      const again = planOf(desired, applyPlan(desired, host, plan.operations));
      expect({ plan: plan.operations, again }).toMatchObject({ again: { action: 'unchanged', operations: [], fields: [], files: [], reasons: [] } });
    }), { numRuns: 2000 });
  });
  test('the same input gives the same plan, and the input is left as it was', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const before = JSON.stringify([desired, host]);
      expect(planOf(desired, host)).toEqual(planOf(desired, host));
      expect(JSON.stringify([desired, host])).toBe(before);
    }), { numRuns: 200 });
  });
  test('a conflict does nothing at all and says why', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const plan = planOf(desired, host);
      if (plan.action !== 'conflict') return;
      expect(plan).toMatchObject({ operations: [], files: [], restart: false, downtime: false, needs_prepare: false });
      expect(plan.reasons.length).toBeGreaterThan(0);
    }), { numRuns: 1000 });
  });
  test('every operation is about what this placement names, and every change has a reason', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const { operations, fields, reasons } = planOf(desired, host);
      const { run } = desired;
      const named = [run.type === 'docker' ? run.container_name : run.unit_name, ...(run.type === 'docker' ? [run.image, ...run.networks] : []), ...desired.files.map(({ path }) => path), ...desired.trees.map(({ dest }) => dest), ...(desired.source === null ? [] : [desired.component_directory])];
      for (const operation of operations) for (const [key, value] of Object.entries(operation)) if (key !== 'op') expect(named).toContain(value);
      if (operations.length > 0 || fields.length > 0) expect(reasons.length).toBeGreaterThan(0);
    }), { numRuns: 500 });
  });
  test('the value of an environment variable is never in a plan', () => {
    fc.assert(fc.property(fc.oneof(dockerRuns, systemdRuns), fc.oneof(dockerRuns, systemdRuns), (wanted, found) => {
      const content = (run: typeof wanted): DesiredPlacement => withHash({ deploy_id: 'd', project: 'p', component: 'web', host: 'h', component_directory: '/opt/x', source: null, build: [{ command: 'make', env: { TOKEN: 's3cret' }, timeout_ms: 1, working_dir: null }], run: { ...run, env: { ...run.env, TOKEN: 's3cret' } }, files: [], trees: [], healthcheck: null });
      const host = applyPlan(content(found), { component: 'web', applied_hash: null, applied_version: null, image_present: true, container: null, unit: null, files: [], trees: [], source: null, health: null }, [found.type === 'docker' ? { op: 'create_container', name: '' } : { op: 'write_unit', unit: '' }]);
      expect(JSON.stringify(planOf(withHash({ ...content(wanted), run: { ...wanted, env: { TOKEN: 'an0ther' } } }), host))).not.toMatch(/s3cret|an0ther/);
    }), { numRuns: 300 });
  });
  test('what else runs on the host is nobody\'s business: no plan for it and no word about it (X-08)', () => {
    fc.assert(fc.property(worlds, worlds, ([desired, host], [, other]) => {
      const plans = planHost([desired], [{ ...other, component: 'of-another-deploy' }, host], facts);
      expect(plans).toEqual([planOf(desired, host)]);
    }), { numRuns: 200 });
  });
});

const file: DesiredFile = { path: '/etc/a', sha256: sha256Hex('one'), size: 3, mode: 0o640, owner: 'deploy', group: null, strategy: 'atomic', origin: 'template' };
const [dockerRun] = fc.sample(dockerRuns, { numRuns: 1, seed: 1 });
const [systemdRun] = fc.sample(systemdRuns, { numRuns: 1, seed: 1 });
if (dockerRun === undefined || systemdRun === undefined) throw new Error('no sample');
const health: DesiredPlacement['healthcheck'] = { type: 'command', command: 'true', interval_ms: 1, timeout_ms: 1, start_period_ms: 0, retries: 1 };
const base = { deploy_id: 'dpl_1', project: 'p', component: 'web', host: 'h1', component_directory: '/opt/web', source: null, build: [], files: [], trees: [], healthcheck: health };
const web = withHash({ ...base, run: { ...dockerRun, pull_policy: 'if_not_present', ports: [{ ip: '', host_port: 1, container_port: 1, protocol: 'tcp' }, { ip: '', host_port: 2, container_port: 2, protocol: 'udp' }], networks: ['a', 'b'], command: ['x', 'y'] } });
const job = withHash({ ...base, run: systemdRun });
const nothing: ObservedPlacement = { component: 'web', applied_hash: null, applied_version: null, image_present: true, container: null, unit: null, files: [], trees: [], source: null, health: null };
const settled = (desired: DesiredPlacement): ObservedPlacement => applyPlan(desired, nothing, planOf(desired, nothing).operations);
const withContainer = (change: Partial<ObservedContainer>, desired = web): ObservedPlacement => {
  const host = settled(desired);
  return { ...host, container: host.container && { ...host.container, ...change } };
};
const withUnit = (change: Partial<ObservedUnit>): ObservedPlacement => {
  const host = settled(job);
  return { ...host, unit: host.unit && { ...host.unit, ...change } };
};

describe('a container', () => {
  test('whose ports and networks are listed in another order is the same; whose command is, is another', () => {
    const run = dockerOf(web);
    expect(planOf(web, withContainer({ run: { ...run, ports: [...run.ports].reverse().map(({ protocol, ip, ...ports }) => ({ ...ports, protocol, ip })), networks: [...run.networks].reverse() } }))).toMatchObject({ action: 'unchanged', operations: [] });
    expect(planOf(web, withContainer({ run: { ...run, command: ['y', 'x'] } }))).toMatchObject({ action: 'update', fields: [{ field: 'command', kind: 'changed', from: '["y","x"]', to: '["x","y"]' }] });
  });
  test.each([
    ['exited', 'restart', ['start_container', 'check_health']], ['created', 'restart', ['start_container', 'check_health']], ['paused', 'restart', ['restart_container', 'check_health']],
    ['dead', 'update', ['create_network', 'create_network', 'replace_container', 'check_health']], ['removing', 'update', ['create_network', 'create_network', 'replace_container', 'check_health']],
  ] as const)('that is %s is made to run again by a way that Docker allows', (status, action, expected) => {
    const plan = planOf(web, { ...withContainer({ status }), health: null });
    expect(plan).toMatchObject({ action, downtime: action === 'update', fields: [{ field: 'container.status', kind: 'stopped', from: status, to: 'running' }] });
    expect(ops(plan)).toEqual(expected);
  });
  test('that restarts over and over is not called fine: it is looked at until it stays up', () => {
    for (const desired of [web, withHash({ ...web, healthcheck: null })]) {
      expect(planOf(desired, { ...withContainer({ status: 'restarting' }, desired), health: null })).toMatchObject({ action: 'unchanged', observed_state: 'failed', operations: [{ op: 'check_health' }], reasons: [expect.stringMatching(/does not stay up/)] });
    }
  });
  test('of another deploy with the same component id is a conflict (X-14)', () => {
    expect(planOf(web, withContainer({ owner: { deploy_id: 'dpl_2', component: 'web', version: 1, hash: web.hash } }))).toMatchObject({ action: 'conflict', reasons: [expect.stringContaining('dpl_2')] });
  });
  test('whose health check is new or changed has it done again, and nothing else', () => {
    const changed = withHash({ ...web, healthcheck: { ...health, command: 'test -f /ready' } });
    expect(planOf(changed, settled(web))).toMatchObject({ action: 'unchanged', restart: false, operations: [{ op: 'check_health' }] });
    expect(planOf(withHash({ ...web, healthcheck: null }), settled(web))).toMatchObject({ action: 'unchanged', operations: [] });
  });
  test('that asks for another version keeps the word drift for what nobody asked for', () => {
    const run = dockerOf(web);
    const next = withHash({ ...web, run: { ...run, image: 'web:2' } }, 2);
    expect(planOf(next, settled(web)).fields).toEqual([{ field: 'image', kind: 'desired', from: run.image, to: 'web:2' }]);
    expect(planOf(web, { ...settled(next), applied_hash: web.hash }).fields).toMatchObject([{ field: 'image', kind: 'changed' }]);
  });
});

describe('a unit', () => {
  test('that systemd knows in an older form is written and restarted', () => {
    const plan = planOf(job, withUnit({ needs_daemon_reload: true }));
    expect(plan).toMatchObject({ action: 'update', fields: [{ field: 'unit.loaded', kind: 'changed' }] });
    expect(ops(plan)).toEqual(['write_unit', 'enable_unit', 'restart_unit', 'check_health']);
  });
  test('whose file is gone while it runs is written again', () => {
    expect(planOf(job, withUnit({ unit_sha256: null }))).toMatchObject({ fields: [{ field: 'unit.file', kind: 'missing' }] });
  });
  test('that is stopped and not enabled is enabled before it starts', () => {
    expect(ops(planOf(job, { ...withUnit({ active_state: 'inactive', enabled: false }), health: null }))).toEqual(['enable_unit', 'start_unit', 'check_health']);
  });
  test('that failed is started; that restarts over and over is looked at until it stays up', () => {
    expect(planOf(job, { ...withUnit({ active_state: 'failed' }), health: null })).toMatchObject({ action: 'restart', observed_state: 'failed', downtime: false });
    expect(planOf(job, { ...withUnit({ active_state: 'activating', sub_state: 'auto-restart' }), health: null })).toMatchObject({ action: 'unchanged', observed_state: 'failed', operations: [{ op: 'check_health' }] });
  });
  test('on a host without systemd is a conflict that says so', () => {
    expect(planHost([job], [], { ...facts, systemd: false })).toMatchObject([{ action: 'conflict', reasons: [expect.stringMatching(/systemd/)] }]);
  });
});

describe('a file', () => {
  const owned = withHash({ ...base, run: web.run, files: [file] });
  const world = (change: object): ObservedPlacement => ({ ...settled(owned), files: [{ path: '/etc/a', kind: 'file', sha256: file.sha256, mode: 0o640, owner: 'deploy', group: 'root', owned: true, ...change }] });

  test.each([['mode', { mode: 0o600 }, '0600 deploy:root', '0640 deploy'], ['owner', { owner: 'root' }, '0640 root:root', '0640 deploy']])('of another %s is told with both rights', (what, change, from, to) => {
    expect(planOf(owned, world(change))).toMatchObject({ fields: [{ field: 'files./etc/a', kind: 'changed', from, to }], reasons: [`/etc/a differs (${what})`] });
  });
  test('whose group is left open may have any', () => {
    expect(planOf(owned, world({ group: 'www' }))).toMatchObject({ action: 'unchanged' });
  });
  test('of somebody else with the same content is adopted, with its rights put right', () => {
    expect(planOf(owned, world({ owned: false, mode: 0o777 }))).toMatchObject({ action: 'restart', operations: [{ op: 'write_file', path: '/etc/a' }, { op: 'restart_container' }, { op: 'check_health' }] });
  });
  test('where something that is no file stands is a conflict', () => {
    expect(planOf(owned, world({ kind: 'other', sha256: null, mode: null, owned: true }))).toMatchObject({ action: 'conflict' });
  });
  test('is written before the container is made, after the image is there', () => {
    expect(ops(planOf(owned, { ...nothing, image_present: false }))).toEqual(['pull_image', 'create_network', 'create_network', 'write_file', 'create_container', 'check_health']);
  });
});

test('a folder that differs is written; of somebody else it is a conflict, unless it is the same', () => {
  const desired = withHash({ ...base, run: web.run, trees: [{ dest: '/srv/x', strategy: 'atomic_symlink', tree_hash: 'new', owner: null, group: null, files: [] }] });
  const world = (change: object): ObservedPlacement => ({ ...settled(desired), trees: [{ dest: '/srv/x', kind: 'tree', tree_hash: 'new', owned: true, ...change }] });
  expect(planOf(desired, world({ tree_hash: 'old' }))).toMatchObject({ action: 'restart', files: [{ path: '/srv/x', old_sha256: 'old', new_sha256: 'new', kind: 'changed' }] });
  expect(planOf(desired, world({ tree_hash: null }))).toMatchObject({ action: 'restart' });
  expect(planOf(desired, world({ kind: 'missing', tree_hash: null }))).toMatchObject({ files: [{ kind: 'missing' }] });
  expect(planOf(desired, world({ owned: false, tree_hash: 'old' }))).toMatchObject({ action: 'conflict' });
  expect(planOf(desired, world({ owned: false }))).toMatchObject({ action: 'unchanged' });
});

describe('a git source', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
  const source = { type: 'git' as const, repo: 'https://x/y.git', ref: 'main', subpath: null, source_hash: 'same', content_version: 1 };
  const app = withHash({ ...base, component_directory: directory, run: systemdRun, source, build: [{ command: 'make', env: {}, timeout_ms: 1, working_dir: null }] });
  const world = (change: Partial<ObservedSource>): ObservedPlacement => ({ ...settled(app), source: { path: directory, kind: 'link', owned: true, current: { commit: a, source_hash: 'same' }, wanted_commit: a, trouble: null, prepared: true, ...change } });

  test('is fetched and built first, then switched to, then started', () => {
    const plan = planOf(app, { ...nothing, source: { path: directory, kind: 'missing', owned: false, current: null, wanted_commit: a, trouble: null, prepared: false } });
    expect(ops(plan)).toEqual(['switch_release', 'write_unit', 'enable_unit', 'start_unit', 'check_health']);
    expect(plan).toMatchObject({ action: 'create', needs_prepare: true, reasons: expect.arrayContaining([`${directory} does not exist yet`]) });
  });
  test('whose ref names another commit is a change that says so, and restarts it', () => {
    const next = withHash(app, 2);
    const plan = planOf(next, world({ wanted_commit: b, prepared: false }));
    expect(plan).toMatchObject({ action: 'restart', needs_prepare: true, reasons: [`commit ${a.slice(0, 12)} → ${b.slice(0, 12)}`], fields: [{ field: 'source.commit', kind: 'desired', from: a, to: b }] });
    expect(ops(plan)).toEqual(['switch_release', 'restart_unit', 'check_health']);
    expect(planOf(next, world({}))).toMatchObject({ action: 'unchanged', operations: [], reasons: [] });
  });
  test('that is built in another way is another release of the same commit', () => {
    expect(planOf(withHash({ ...app, source: { ...source, source_hash: 'new' } }, 2), world({ prepared: false }))).toMatchObject({ needs_prepare: true, fields: [{ field: 'source.build', from: 'same', to: 'new' }], operations: [{ op: 'switch_release', path: directory }, { op: 'restart_unit' }, { op: 'check_health' }] });
  });
  test.each([
    ['gone', { kind: 'missing' as const, current: null }, 'missing', `${directory} is missing`],
    ['pointing elsewhere', { current: null }, 'changed', `${directory} does not point to a release of this deploy`],
    ['pointing to an older release', { current: { commit: b, source_hash: 'same' } }, 'changed', `commit ${b.slice(0, 12)} → ${a.slice(0, 12)}`],
  ])('whose link is %s is drift, put right without a build', (_, change, kind, reason) => {
    expect(planOf(app, world(change))).toMatchObject({ needs_prepare: false, reasons: [reason], fields: [{ field: 'source.commit', kind }], operations: [{ op: 'switch_release', path: directory }, { op: 'restart_unit' }, { op: 'check_health' }] });
  });
  test.each([['a folder', { kind: 'other' as const, current: null }], ['a link of somebody else', { owned: false, current: null }]])('in whose place %s stands is a conflict that does nothing', (_, change) => {
    expect(planOf(app, world(change))).toMatchObject({ action: 'conflict', operations: [], needs_prepare: false, reasons: [expect.stringContaining(`${directory} exists`)] });
  });
  test('whose repository cannot be asked stays as it is, and says so; with anything else to change, it is fetched', () => {
    const away = { wanted_commit: null, trouble: 'no answer', prepared: false };
    expect(planOf(withHash(app, 2), world(away))).toMatchObject({ action: 'unchanged', operations: [], reasons: [expect.stringContaining('could not be asked')] });
    const stopped = world(away);
    expect(planOf(withHash(app, 2), { ...stopped, health: null, unit: stopped.unit && { ...stopped.unit, active_state: 'failed' } })).toMatchObject({ needs_prepare: true, operations: [{ op: 'switch_release' }, { op: 'start_unit' }, { op: 'check_health' }] });
  });
});
