/** Who is told to reload after whom: of the version as a whole, once, and not through the whole graph. */
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { followedChanges, withFollowed } from '../../spec/follow.js';
import { planHost } from '../../spec/plan-host.js';
import { applyPlan, hostsFor, placements } from './planned-world.js';

const facts = { docker: true, systemd: true, missing: [] };
const nothingSeen = { applied_hash: null, applied_version: null, image_present: false, container: null, unit: null, files: [], trees: [], source: null, health: null };

const one = (component: string, host: string, hash: string, follows: boolean): DesiredPlacement => ({
  deploy_id: 'd', project: 'p', version: 1, component, host, hash, component_directory: '/opt/x', source: null, build: [], healthcheck: null, files: [], trees: [], ...(follows ? { reload_on: ['dependencies'] } : {}),
  run: { type: 'docker', image: 'x', pull_policy: 'never', container_name: component, ports: [], volumes: [], env: {}, networks: [], restart: 'no', command: null, resources: { memory_bytes: null, cpus: null }, reload_command: ['reload'] },
});
const dependencies: Record<string, string[]> = { proxy: ['app', 'cache'], app: ['db'] };
const followsOf = (db: string, app = 'a', cache: Record<string, string> = { h1: 'c' }): Record<string, DesiredPlacement['follows']> => {
  const all = [one('proxy', 'h1', 'p', true), one('proxy', 'h2', 'p', true), one('app', 'h1', app, true), one('db', 'h2', db, false), ...Object.entries(cache).map(([host, hash]) => one('cache', host, hash, false))];
  return Object.fromEntries(withFollowed(all, (id) => dependencies[id] ?? []).map(({ host, component, follows }) => [`${host}/${component}`, follows]));
};

test('each follows what it depends on itself, on every host alike; whoever does not ask follows nothing', () => {
  const found = followsOf('d');
  expect(Object.keys(found['h1/proxy'] ?? {})).toEqual(['app', 'cache']);
  expect(found['h2/proxy']).toEqual(found['h1/proxy']);
  expect(found['h2/db']).toBeUndefined();
});

test('a change is that of the next in line alone: it does not run through the graph', () => {
  const [before, after] = [followsOf('d'), followsOf('other')];
  expect(after['h1/app']).not.toEqual(before['h1/app']);
  expect(after['h1/proxy']).toEqual(before['h1/proxy']);
});

test('a component that differs from host to host has changed when it has on one of them, and not when it is placed on one more', () => {
  const on = (cache: Record<string, string>): DesiredPlacement['follows'] => followsOf('d', 'a', cache)['h1/proxy'];
  expect(on({ h1: 'c', h2: 'c2' })).not.toEqual(on({ h1: 'c', h2: 'c3' }));
  expect(on({ h1: 'c', h2: 'c' })).toEqual(on({ h1: 'c' }));
});

test.each<[Record<string, string> | null | undefined, string[]]>([
  [{ app: '1', cache: '2' }, []], [{ app: '1', cache: '2', gone: '3' }, []], [{ app: '0', cache: '2' }, ['app']], [{ app: '1' }, ['cache']], [null, ['app', 'cache']], [undefined, ['app', 'cache']],
])('of one that was told of %j, %j are news', (told, news) => {
  const desired = { ...one('proxy', 'h1', 'p', true), follows: { app: '1', cache: '2' } };
  expect(followedChanges(desired, { ...nothingSeen, component: 'proxy', ...(told === undefined ? {} : { applied_follows: told }) })).toEqual(news);
});

test('a component may be called as what every object has', () => {
  const desired = { ...one('proxy', 'h1', 'p', true), follows: { constructor: '1' } };
  expect(followedChanges(desired, { ...nothingSeen, component: 'proxy', applied_follows: {} })).toEqual(['constructor']);
});

test('what runs as asked and was not told is told, without a restart; once carried out there is nothing to do', () => {
  const worlds = placements.filter(({ follows }) => follows !== undefined).chain((desired) => fc.tuple(fc.constant(desired), hostsFor(desired)));
  fc.assert(fc.property(worlds, ([desired, host]) => {
    const known = { ...host, applied_follows: desired.follows ?? null };
    const [told] = planHost([desired], [known], facts);
    const [untold] = planHost([desired], [{ ...known, applied_follows: { db: 'other' } }], facts);
    if (told === undefined || untold === undefined || told.action === 'conflict') return;
    const runs = told.observed_state === 'running' || told.observed_state === 'healthy' || told.observed_state === 'unhealthy';
    if (told.action === 'unchanged' && runs) expect([untold.action, untold.restart, untold.downtime]).toEqual(['reload', false, false]);
    // Whatever starts it, or tells it to reload for another reason, is enough.
    if (told.action !== 'unchanged' && told.action !== 'update') expect(untold.operations).toEqual(told.operations);
    const [after] = planHost([desired], [applyPlan(desired, { ...known, applied_follows: null }, untold.operations)], facts);
    if (untold.operations.length > 0) expect(after?.action).not.toBe('reload');
  }), { numRuns: 500 });
});
