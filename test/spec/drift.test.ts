/** What a host says of what it sees, and what it compares with. */
import fc from 'fast-check';
import { kindsOf, placementSeen, watchedPlacements, type WatchedVersion } from '../../spec/drift.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { componentStates, driftKinds } from '../../spec/words.js';

const deployId = 'dpl_aaaaaaaaaaaaaaaa';

const plan = (over: Partial<PlacementPlan>): PlacementPlan =>
  ({ component: 'web', action: 'unchanged', restart: false, downtime: false, reasons: [], fields: [], files: [], operations: [], observed_state: 'running', needs_prepare: false, ...over });

const placement = (version: number, hash: string, component = 'web', deploy = deployId): DesiredPlacement => ({
  deploy_id: deploy, project: 'shop', version, component, host: 'h1', hash, component_directory: `/opt/maestro/${component}`, source: null, build: [],
  run: { type: 'systemd', unit_name: 'x.service', command: '/bin/true', working_directory: null, user: null, group: null, env: {}, restart: 'no', restart_sec: 5, resources: { memory_bytes: null, cpus: null }, unit_text: '' },
  files: [], trees: [], healthcheck: null,
});

const version = (number: number, role: WatchedVersion['role'], ...placements: DesiredPlacement[]): WatchedVersion => ({ deploy_id: placements[0]?.deploy_id ?? deployId, version: number, role, placements });

describe('what is seen of a placement', () => {
  test('is its state, and every field with its kind of drift', () => {
    const fields = [{ field: 'container.status', kind: 'stopped' as const, from: 'exited', to: 'running' }, { field: 'ports', kind: 'changed' as const, from: '[]', to: '[80]' }];
    expect(placementSeen({ deploy_id: deployId, component: 'web', version: 3 }, plan({ observed_state: 'failed', reasons: ['it is exited', 'ports differs'], fields })))
      .toEqual({ deploy_id: deployId, component: 'web', version: 3, state: 'failed', detail: 'it is exited; ports differs', drift: fields });
  });

  test('that is as it shall be has nothing to say', () => {
    expect(placementSeen({ deploy_id: deployId, component: 'web', version: 1 }, plan({ observed_state: 'healthy', reasons: ['pulled again'] }))).toMatchObject({ state: 'healthy', detail: '', drift: [] });
  });

  test('what is not as the active version has it has drifted, whoever asked for it', () => {
    const fields = [{ field: 'container', kind: 'desired' as const, from: null, to: 'web' }, { field: 'image', kind: 'desired' as const, from: 'a', to: 'b' }];
    expect(placementSeen({ deploy_id: deployId, component: 'web', version: 1 }, plan({ fields })).drift.map(({ kind }) => kind)).toEqual(['missing', 'changed']);
  });

  test('is bounded, whatever the plan holds', () => {
    const field = fc.record({ field: fc.string(), kind: fc.constantFrom(...driftKinds, 'desired' as const), from: fc.option(fc.string()), to: fc.option(fc.string()) });
    fc.assert(fc.property(fc.array(field, { maxLength: 60 }), fc.array(fc.string({ maxLength: 400 })), fc.constantFrom(...componentStates), (fields, reasons, observed_state) => {
      const seen = placementSeen({ deploy_id: deployId, component: 'web', version: 1 }, plan({ fields, reasons, observed_state }));
      expect(seen.drift.length).toBeLessThanOrEqual(20);
      expect(seen.detail.length).toBeLessThanOrEqual(300);
      expect(seen.state).not.toBe('host_offline');
      expect(kindsOf(seen.drift).every((kind) => driftKinds.includes(kind))).toBe(true);
    }));
  });
});

describe('what a placement is compared with', () => {
  const nothing = () => null;

  test('is what was applied here, also while a rollout is under way', () => {
    const versions = [version(1, 'active', placement(1, 'a')), version(2, 'rolling', placement(2, 'b'))];
    expect(watchedPlacements(versions, () => ({ hash: 'a', version: 1 }))).toMatchObject([{ version: 1 }]);
    expect(watchedPlacements(versions, () => ({ hash: 'b', version: 2 }))).toMatchObject([{ version: 2 }]);
  });

  test('is nothing while a rollout is on its way to what has not been applied', () => {
    expect(watchedPlacements([version(1, 'active', placement(1, 'a')), version(2, 'rolling', placement(2, 'b'))], () => ({ hash: 'z', version: 9 }))).toEqual([]);
    expect(watchedPlacements([version(1, 'rolling', placement(1, 'a'))], nothing)).toEqual([]);
    expect(watchedPlacements([version(1, 'last', placement(1, 'a'))], nothing)).toEqual([]);
  });

  test('is the active version when something else was applied, or the journal is gone', () => {
    const versions = [version(1, 'active', placement(1, 'a'))];
    expect(watchedPlacements(versions, nothing)).toMatchObject([{ version: 1 }]);
    expect(watchedPlacements(versions, () => ({ hash: 'b', version: 2 }))).toMatchObject([{ version: 1 }]);
  });

  test('of two versions that ask for the same is the one that was applied', () => {
    const versions = [version(1, 'active', placement(1, 'a')), version(2, 'rolling', placement(2, 'a'))];
    expect(watchedPlacements(versions, () => ({ hash: 'a', version: 2 }))).toMatchObject([{ version: 2 }]);
    expect(watchedPlacements(versions, () => ({ hash: 'a', version: 7 }))).toMatchObject([{ version: 1 }]);
  });

  test('is one for each placement, and never another deploy\'s', () => {
    const arbitrary = fc.record({ deploy: fc.constantFrom('dpl_1', 'dpl_2'), number: fc.integer({ min: 1, max: 4 }), role: fc.constantFrom('active' as const, 'rolling' as const, 'last' as const), component: fc.constantFrom('web', 'db'), hash: fc.constantFrom('a', 'b') });
    fc.assert(fc.property(fc.array(arbitrary, { maxLength: 12 }), fc.constantFrom('a', 'b', null), (given, hash) => {
      const versions = given.map(({ deploy, number, role, component, hash: wanted }) => version(number, role, placement(number, wanted, component, deploy)));
      const chosen = watchedPlacements(versions, () => (hash === null ? null : { hash, version: 1 }));
      const keys = chosen.map(({ deploy_id, component }) => `${deploy_id}/${component}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const one of chosen) {
        expect(versions.flatMap(({ placements }) => placements)).toContain(one);
        const rolls = versions.some(({ deploy_id, role }) => deploy_id === one.deploy_id && role === 'rolling');
        expect(!rolls || one.hash === hash).toBe(true);
      }
    }));
  });
});
