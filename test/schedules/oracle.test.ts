/** The oracle of the schedules can see: every promise is broken once on purpose, and it says so; mended, it is content. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Rollout } from '../rollouts/api-client.js';
import { OpenPort } from '../host-worker/mortal-activation.js';
import { bundleOf, components, configPath, containerOf, firstPieces, sitePath, type Shape } from './documents.js';
import { differing, effectTroubles, hostTroubles, storyTroubles, type Placement, type Standing } from './oracle.js';
import { startSimulatedFleet, type SimulatedFleet } from './simulated-fleet.js';
import type { SimulatedHost } from './simulated-host.js';

const ids = ['o1', 'o2'] as const;

let fleet: SimulatedFleet;
let health: OpenPort;
let shape: Shape;
let rollout: Rollout;
let deployId = '';
beforeAll(async () => {
  health = await OpenPort.start();
  fleet = await startSimulatedFleet(ids);
  await fleet.api.ok('PUT', '/api/secrets/schedules/canary', { value: 'canary-oracle-Zq9' });
  shape = {
    project: 'oracle', hosts: ids, folder: fleet.folder, healthPort: health.port, modes: { db: 'cold', api: 'hot', web: 'blue_green' },
    needs: { db: [], api: ['db'], web: ['api'] }, strategy: 'parallel', onFailure: 'pause', port: 15_000,
  };
  ({ deploy_id: deployId } = await fleet.api.ok<{ deploy_id: string }>('POST', '/api/deploys', bundleOf(shape, firstPieces())));
  rollout = await apply();
  expect(rollout.state).toBe('succeeded');
}, 300_000);
afterAll(async () => {
  await (fleet as SimulatedFleet | undefined)?.stop();
  health.close();
}, 120_000);

const apply = async (): Promise<Rollout> => fleet.api.settled((await fleet.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/apply`, {})).rollout_id);
const standing = (): Standing => new Map(ids.flatMap((id) => components.map((component): [Placement, ReturnType<typeof firstPieces>['db']] => [`${id}/${component}`, firstPieces()[component]])));
const onHosts = (): Promise<string[]> => hostTroubles(fleet, shape, standing(), new Set());
/** As the rollout is told now, by its row and steps and by its events. */
const inStory = async (): Promise<string[]> => storyTroubles(fleet, await fleet.api.ok<Rollout>('GET', `/api/rollouts/${rollout.rollout_id}`));
const everything = async (): Promise<string[]> => [...(await onHosts()), ...effectTroubles(fleet, shape), ...(await inStory())];

function container(host: SimulatedHost, component: (typeof components)[number]): { name: string; image: string; status: string; ip: string; id: string } {
  const found = [...host.engine.containers.values()].find(({ name }) => name === containerOf(shape, component));
  if (found === undefined) throw new Error(`no ${component}`);
  return found;
}

/** What tables refuse to everybody is done as their owner. */
async function tamper(sql: string, values: readonly unknown[]): Promise<() => Promise<void>> {
  const client = await fleet.db.connect();
  try {
    await client.query('SET session_replication_role = replica');
    const copies = await client.query<Record<string, unknown>>('SELECT * FROM events WHERE rollout_id = $1 ORDER BY id', [rollout.rollout_id]);
    const { rows: steps } = await client.query<{ host: string; component: string; state: string }>('SELECT host, component, state FROM steps WHERE rollout_id = $1', [rollout.rollout_id]);
    await client.query(sql, [...values]);
    return async () => {
      const back = await fleet.db.connect();
      await back.query('SET session_replication_role = replica');
      await back.query('DELETE FROM events WHERE rollout_id = $1', [rollout.rollout_id]);
      for (const row of copies.rows) {
        const names = Object.keys(row);
        await back.query(`INSERT INTO events (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`, Object.values(row));
      }
      for (const { host, component, state } of steps) await back.query('UPDATE steps SET state = $4::step_state WHERE rollout_id = $1 AND host = $2 AND component = $3', [rollout.rollout_id, host, component, state]);
      await back.query('SET session_replication_role = DEFAULT');
      back.release();
    };
  } finally {
    await client.query('SET session_replication_role = DEFAULT');
    client.release();
  }
}

interface Sabotage { what: string; says: RegExp; /** Resolves with what mends it. */ break(): Promise<() => Promise<void> | void> }
const first = (): SimulatedHost => fleet.host('o1');
const changedFile = async (path: string, text: string): Promise<() => Promise<void>> => {
  const before = await readFile(path, 'utf8').catch(() => null);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return async () => { await (before === null ? rm(path) : writeFile(path, before)); };
};
const firstStep = (): [string, string] => [rollout.steps[0]?.step.split('/')[0] ?? '', rollout.steps[0]?.step.split('/')[1] ?? ''];

const sabotages: Sabotage[] = [
  { what: 'I1: a container that should run is down', says: /containers on o1/, break: async () => { const one = container(first(), 'db'); one.status = 'exited'; return () => { one.status = 'running'; }; } },
  { what: 'I1: another image runs', says: /containers on o1/, break: async () => { const one = container(first(), 'api'); const { image } = one; one.image = 'good:4'; return () => { one.image = image; }; } },
  { what: 'I1: a published port leads to another container', says: /published ports of o1/, break: async () => { const one = container(first(), 'web'); const { ip } = one; one.ip = '10.1.9.9'; return () => { one.ip = ip; }; } },
  { what: 'I1: a file has other bytes', says: /files on o1/, break: () => changedFile(configPath(shape, 'o1', 'db'), 'two') },
  { what: 'I1: a page of a release has other bytes', says: /files on o1/, break: () => changedFile(`${sitePath(shape, 'o1', 'web')}/current/index.html`, 'two') },
  { what: 'I1: a step is said to have failed', says: /events of rol_/, break: () => tamper("UPDATE steps SET state = 'failed' WHERE rollout_id = $1 AND host = $2 AND component = $3", [rollout.rollout_id, ...firstStep()]) },
  { what: 'I2: one attempt made two containers', says: /was created 2 times/, break: async () => { const { created } = first().engine; created.push({ ...(created[0] ?? { name: '', attempt: '' }) }); return () => { created.pop(); }; } },
  { what: 'I2: two that may not run beside each other did', says: /was started while/, break: async () => { first().engine.violations.push('x was started while y was running'); return () => { first().engine.violations.pop(); }; } },
  { what: 'I3: a container of nobody is there', says: /containers on o1/, break: async () => { const one = { ...container(first(), 'db'), id: 'orphan', name: 'oracle-db.maestro-next' }; first().engine.containers.set('orphan', one as never); return () => { first().engine.containers.delete('orphan'); }; } },
  { what: 'I3: a network of nobody is there', says: /networks on o1/, break: async () => { first().engine.networks.add('orphan'); return () => { first().engine.networks.delete('orphan'); }; } },
  { what: 'I3: a file was left beside', says: /srv/, break: () => changedFile(`${configPath(shape, 'o1', 'db')}.tmp`, 'one') },
  { what: 'I3: what was kept for putting back is still there', says: /left in the journal of o1/, break: () => changedFile(join(first().folder, 'journal', 'previous', 'x', 'file'), 'one') },
  { what: 'I4: an event is gone', says: /events of rol_/, break: () => tamper("DELETE FROM events WHERE id = (SELECT max(id) FROM events WHERE rollout_id = $1 AND type = 'step.state')", [rollout.rollout_id]) },
  { what: 'I4: an event was told twice', says: /told twice in a row/, break: () => tamper("INSERT INTO events (type, ts, deploy_id, rollout_id, host, component, data) SELECT type, ts, deploy_id, rollout_id, host, component, data FROM events WHERE rollout_id = $1 AND type = 'step.state' ORDER BY id DESC LIMIT 1", [rollout.rollout_id]) },
  { what: 'I4: an event was told after the end', says: /after the end/, break: () => tamper("INSERT INTO events (type, ts, deploy_id, rollout_id, host, component, data) SELECT type, ts, deploy_id, rollout_id, host, component, data || '{\"attempt\": 2}' FROM events WHERE rollout_id = $1 AND type = 'step.state' ORDER BY id LIMIT 1", [rollout.rollout_id]) },
];

test('with nothing broken it is content', async () => { expect(await everything()).toEqual([]); });

test.each(sabotages)('$what', async ({ says, break: breakIt }) => {
  const mend = await breakIt();
  const found = await everything();
  await mend();
  expect(found).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
  expect(await everything()).toEqual([]);
});

test('I6: what an apply had to touch, though all was to be there', async () => {
  const again = await apply();
  expect(differing('steps', again.steps.map(() => 'unchanged'), again.steps.map(({ state }) => state))).toEqual([]);
  container(fleet.host('o2'), 'db').image = 'good:3';
  const touched = await apply();
  expect(differing('steps', touched.steps.map(() => 'unchanged'), touched.steps.map(({ state }) => state))).toEqual([expect.stringContaining('succeeded')]);
});
