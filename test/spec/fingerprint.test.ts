/** Fingerprints against the planner: whatever would make a plan another one moves them, and nothing that comes and goes by itself does. */
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { fingerprintOf, hostFingerprint, identityOf, movedParts, movedPlan } from '../../spec/fingerprint.js';
import type { Fingerprint } from '../../spec/planned.js';
import { sha256Hex } from '../../spec/hash.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import { planHost } from '../../spec/plan-host.js';
import type { Operation, PlacementPlan } from '../../spec/plan.js';
import { dockerRuns, hostsFor, placements, withHash } from './planned-world.js';

const key = 'a'.repeat(64);
const facts = { docker: true, systemd: true, missing: [] };
const seen = (desired: DesiredPlacement, host: ObservedPlacement): Fingerprint => fingerprintOf(desired, host, key);
const planOf = (desired: DesiredPlacement, host: ObservedPlacement): PlacementPlan | undefined => planHost([desired], [host], facts)[0];
const worlds = placements.chain((desired) => fc.tuple(fc.constant(desired), hostsFor(desired)));
const twoLooks = placements.chain((desired) => fc.tuple(fc.constant(desired), hostsFor(desired), hostsFor(desired)));

/** What is done beside looking at its health, and fetching what is not there yet. Of a unit that comes and goes it depends on the moment whether it is started or restarted. */
const effects = (plan: PlacementPlan | undefined): Operation[] =>
  (plan?.operations ?? []).filter(({ op }) => op !== 'check_health' && op !== 'pull_image').map((operation) => (operation.op === 'start_unit' ? { ...operation, op: 'restart_unit' } : operation));

/** Only one thing of `other` at a time, so that looks that differ little are met often. */
function mixed(one: ObservedPlacement, other: ObservedPlacement): ObservedPlacement[] {
  const container = one.container === null || other.container === null ? [] : Object.keys(one.container).map((field) => ({ ...one, container: { ...one.container, [field]: other.container?.[field as 'id'] } }));
  const unit = one.unit === null || other.unit === null ? [] : Object.keys(one.unit).map((field) => ({ ...one, unit: { ...one.unit, [field]: other.unit?.[field as 'sub_state'] } }));
  return [...Object.keys(one).map((field) => ({ ...one, [field]: other[field as 'files'] })), ...container, ...unit] as ObservedPlacement[];
}

describe('a fingerprint', () => {
  test('moves with everything that would make the plan another one', () => {
    fc.assert(fc.property(twoLooks, ([desired, before, after]) => {
      const planned = seen(desired, before);
      for (const now of [after, ...mixed(before, after)]) {
        if (planned.digest !== seen(desired, now).digest) continue;
        expect(effects(planOf(desired, now))).toEqual(effects(planOf(desired, before)));
      }
    }), { numRuns: 200 });
  });

  test('does not move with what comes and goes by itself: starts, exit codes, health, what was applied last, what is fetched', () => {
    fc.assert(fc.property(worlds, fc.boolean(), ([desired, host], flag) => {
      // What is between two starts cannot be told to reload, or be kept running: that is another plan.
      const runsOn = desired.deploy_mode !== undefined || desired.reload_on !== undefined;
      const later: ObservedPlacement = {
        ...host, applied_hash: flag ? null : sha256Hex('else'), applied_version: 7, image_present: flag, health: flag ? null : { ok: false, detail: 'http 503' },
        container: host.container && { ...host.container, exit_code: 137, started_at: '2026-01-01T00:00:00Z', status: host.container.status === 'running' && !runsOn ? 'restarting' : host.container.status },
        unit: host.unit && {
          ...host.unit, exit_code: 1, started_at: '2026-01-01T00:00:00Z',
          ...(!runsOn ? { sub_state: 'auto-restart', active_state: host.unit.active_state === 'active' ? 'activating' : host.unit.active_state } : {}),
        },
        source: host.source && { ...host.source, prepared: flag, trouble: 'it was slow' },
      };
      expect(seen(desired, later)).toEqual(seen(desired, host));
    }), { numRuns: 150 });
  });

  test('is the same however keys and lists without an order come', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const container = host.container && { ...reversed(host.container), run: { ...reversed(host.container.run), env: reversed(host.container.run.env), ports: [...host.container.run.ports].reverse(), volumes: [...host.container.run.volumes].reverse(), networks: [...host.container.run.networks].reverse() } };
      expect(seen(desired, { ...reversed(host), container, files: [...host.files].reverse().map(reversed), trees: [...host.trees].reverse() })).toEqual(seen(desired, host));
    }), { numRuns: 150 });
  });

  test('says nothing to whoever does not have the key', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const other = fingerprintOf(desired, host, 'b'.repeat(64));
      const { digest, parts } = seen(desired, host);
      expect(other.digest).not.toBe(digest);
      for (const [name, value] of Object.entries(parts)) expect(other.parts[name]).not.toBe(value);
      expect(JSON.stringify(parts)).not.toContain('s3cret');
    }), { numRuns: 200 });
  });
});

const reversed = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T;

const [run] = fc.sample(dockerRuns, { numRuns: 1, seed: 3 });
if (run === undefined) throw new Error('no sample');
const docker = withHash({
  deploy_id: 'dpl_1', project: 'p', component: 'web', host: 'h1', component_directory: '/opt/web', source: null, build: [], trees: [], healthcheck: null, run: { ...run, pull_policy: 'if_not_present' },
  files: [{ path: '/etc/x.conf', sha256: sha256Hex('one'), size: 3, mode: 0o640, owner: 'deploy', group: null, strategy: 'atomic', origin: 'template' }],
});
const host: ObservedPlacement = {
  component: 'web', applied_hash: docker.hash, applied_version: 1, image_present: true, wanted_image_id: 'sha256:new', unit: null, trees: [{ dest: '/srv/x', kind: 'tree', tree_hash: 'aa', owned: true }], health: null,
  container: { id: 'c0ffee', owner: { deploy_id: 'dpl_1', component: 'web', version: 1, hash: docker.hash }, status: 'running', exit_code: 0, image_id: 'sha256:new', wanted_image_id: 'sha256:new', run: docker.run.type === 'docker' ? docker.run : run, started_at: null },
  files: [{ path: '/etc/x.conf', kind: 'file', sha256: sha256Hex('one'), mode: 0o640, owner: 'deploy', group: 'deploy', owned: true }],
  source: { path: '/opt/web', kind: 'link', owned: true, current: { commit: 'a', source_hash: 'b' }, wanted_commit: 'a', trouble: null, prepared: true },
};
const unitHost: ObservedPlacement = {
  ...host, container: null, wanted_image_id: null,
  unit: { owned: true, load_state: 'loaded', active_state: 'active', sub_state: 'running', enabled: true, unit_sha256: 'aa', needs_daemon_reload: false, exit_code: 0, run: { unit_name: 'web.service' }, started_at: null },
};
const systemd = { ...docker, run: { type: 'systemd' as const, unit_name: 'web.service', command: '/bin/web', working_directory: null, user: null, group: null, env: {}, restart: 'no' as const, restart_sec: 5, resources: { memory_bytes: null, cpus: null }, unit_text: '' } };

const inContainer = (change: object): ObservedPlacement => ({ ...host, container: host.container && { ...host.container, ...change } });
const inRun = (change: object): ObservedPlacement => inContainer({ run: { ...host.container?.run, ...change } });
const inUnit = (change: object): ObservedPlacement => ({ ...unitHost, unit: unitHost.unit && { ...unitHost.unit, ...change } });
const inFile = (change: object): ObservedPlacement => ({ ...host, files: host.files.map((file) => ({ ...file, ...change })) });
const inTree = (change: object): ObservedPlacement => ({ ...host, trees: host.trees.map((tree) => ({ ...tree, ...change })) });
const inSource = (change: object): ObservedPlacement => ({ ...host, source: host.source && { ...host.source, ...change } });

describe('what moved is named', () => {
  test.each<[string, DesiredPlacement, ObservedPlacement, ObservedPlacement, string[]]>([
    ['another container', docker, host, inContainer({ id: 'other' }), ['container']],
    ['a container of somebody else', docker, host, inContainer({ id: 'other', owner: null }), ['container']],
    ['a container that is gone', docker, host, { ...host, container: null }, ['container']],
    ['a container that came', docker, { ...host, container: null }, host, ['container']],
    ['another container with another image', docker, host, inContainer({ id: 'other', image_id: 'sha256:other' }), ['container', 'container image']],
    ['another image', docker, host, inRun({ image: 'other:1' }), ['container image']],
    ['one that was stopped', docker, host, inContainer({ status: 'exited' }), ['container state']],
    ['one that was paused', docker, host, inContainer({ status: 'paused' }), ['container state']],
    ['a variable', docker, host, inRun({ env: { A: 'other' } }), ['container environment']],
    ['a port', docker, host, inRun({ ports: [{ ip: '', host_port: 9, container_port: 9, protocol: 'tcp' }] }), ['container ports']],
    ['a volume', docker, host, inRun({ volumes: [{ kind: 'volume', source: 'x', target: '/x', read_only: false }] }), ['container volumes']],
    ['a network', docker, host, inRun({ networks: ['other'] }), ['container networks']],
    ['the restart policy', docker, host, inRun({ restart: 'on-failure' }), ['container restart']],
    ['the command', docker, host, inRun({ command: ['other'] }), ['container command']],
    ['the limits', docker, host, inRun({ resources: { memory_bytes: 7, cpus: null } }), ['container resources']],
    ['the name', docker, host, inRun({ container_name: 'other' }), ['container name']],
    ['what the image is on this host', docker, host, { ...host, wanted_image_id: 'sha256:other' }, ['image on this host']],
    ['an image that was removed', docker, host, { ...inContainer({ wanted_image_id: null }), wanted_image_id: null }, ['image on this host']],
    ['the unit file', systemd, unitHost, inUnit({ unit_sha256: 'bb' }), ['unit file']],
    ['the unit file, which systemd has not read yet', systemd, unitHost, inUnit({ unit_sha256: 'bb', needs_daemon_reload: true }), ['unit file', 'unit file not read by systemd yet']],
    ['a unit that was stopped', systemd, unitHost, inUnit({ active_state: 'inactive' }), ['unit state']],
    ['a unit that was disabled', systemd, unitHost, inUnit({ enabled: false }), ['unit enabled']],
    ['a unit that is gone', systemd, unitHost, { ...unitHost, unit: null }, ['unit']],
    ['a unit that is not ours any more', systemd, unitHost, inUnit({ owned: false }), ['unit']],
    ['the content of a file', docker, host, inFile({ sha256: sha256Hex('two') }), ['file /etc/x.conf']],
    ['the mode of a file', docker, host, inFile({ mode: 0o600 }), ['file /etc/x.conf']],
    ['the owner of a file', docker, host, inFile({ owner: 'root' }), ['file /etc/x.conf']],
    ['a file that is gone', docker, host, inFile({ kind: 'missing', sha256: null, mode: null, owner: null, group: null }), ['file /etc/x.conf']],
    ['a folder', docker, host, inTree({ tree_hash: 'bb' }), ['folder /srv/x']],
    ['the link to a release', docker, host, inSource({ current: null }), ['link /opt/web']],
    ['the commit that the ref names', docker, host, inSource({ wanted_commit: 'b' }), ['commit of the source']],
    ['nothing', docker, host, host, []],
  ])('%s', (_, desired, before, after, moved) => {
    expect(movedParts(seen(desired, before), seen(desired, after))).toEqual(moved);
  });

  test.each<[string, DesiredPlacement, ObservedPlacement, ObservedPlacement]>([
    ['an image that was not there yet', docker, { ...inContainer({ wanted_image_id: null }), wanted_image_id: null }, host],
    ['an image that is pulled whatever is there', withHash({ ...docker, run: { ...run, pull_policy: 'always' } }), host, { ...host, wanted_image_id: 'sha256:other' }],
    ['systemd reading its files for another unit', systemd, inUnit({ needs_daemon_reload: true }), unitHost],
    ['a group that the document leaves open', docker, host, inFile({ group: 'other' })],
  ])('and what a rollout does for other placements is nothing that moved: %s', (_, desired, before, after) => {
    expect(movedParts(seen(desired, before), seen(desired, after))).toEqual([]);
  });

  test('an image that another placement of the host wants pulled anew is not planned on', () => {
    const both = new Set([run.image]);
    expect(movedParts(fingerprintOf(docker, host, key, both), seen(docker, { ...host, wanted_image_id: 'sha256:other' }))).toEqual([]);
  });

  test('nothing that can be seen is as a placement was seen that no plan knows', () => {
    fc.assert(fc.property(worlds, ([desired, found]) => {
      expect(movedParts({ digest: '', parts: {} }, seen(desired, found)).length).toBeGreaterThan(0);
    }), { numRuns: 200 });
  });
});

test('a placement that moved has one thing to do, which fetches and touches nothing', () => {
  fc.assert(fc.property(worlds, ([desired, found]) => {
    const plan = planOf(desired, found);
    if (plan === undefined) return;
    const moved = movedPlan(plan, ['container image', 'file /etc/x']);
    expect(moved).toMatchObject({ operations: [{ op: 'check_health' }], needs_prepare: false, restart: false, downtime: false, files: [], fields: [], reasons: ['moved since the plan was made: container image, file /etc/x'] });
    expect(['conflict', 'unchanged']).not.toContain(moved.action);
  }), { numRuns: 200 });
});

test('the fingerprint of a host is over all of its placements, in any order', () => {
  const one = { component: 'a', hash: 'h', fingerprint: seen(docker, host) };
  const two = { component: 'b', hash: 'h', fingerprint: seen(systemd, unitHost) };
  expect(hostFingerprint([one, two])).toBe(hostFingerprint([two, one]));
  const others = [[one], [two], [one, { ...two, fingerprint: one.fingerprint }], []].map(hostFingerprint);
  expect(new Set([hostFingerprint([one, two]), ...others]).size).toBe(5);
});

test('what a placement is to run is named as far as its host knows it', () => {
  expect(identityOf(docker, host)).toBe('sha256:new');
  expect(identityOf(docker, { ...host, container: null, wanted_image_id: null })).toBeNull();
  expect(identityOf(systemd, unitHost)).toBeNull();
  expect(identityOf({ ...systemd, source: { type: 'git', repo: 'r', ref: null, subpath: null, source_hash: 'b', content_version: 1 } }, unitHost)).toBe('a');
});
