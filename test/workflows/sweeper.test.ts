/** The safety net between the database and Temporal, with both of them real. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { createControlActivities } from '../../activities/index.js';
import { FolderStore } from '../../control/artifacts/index.js';
import { getRollout, loadRollout, openRollout, startRollout, type RolloutView } from '../../control/rollouts/index.js';
import { controlQueue, rolloutWorkflowId, type RolloutState } from '../../spec/words.js';
import { keepSweeping } from '../../workers/sweeper.js';
import { workflowTypes, type RolloutInput } from '../../workflows/shared.js';
import { startDatabase, type DatabaseServer, type FreshDatabase } from '../control/database.js';
import { actor, shop } from '../control/documents.js';
import { FakeHosts } from './fake-hosts.js';
import { stepFailure } from './plans.js';
import { waitFor } from './wait-for.js';
import { World } from './world.js';

/** Two passes of the sweeper, and some. */
const twoPassesMs = 7_000;

let server: DatabaseServer;
let database: FreshDatabase;
let world: World;
beforeAll(async () => {
  server = await startDatabase();
  database = await server.freshDatabase();
  world = await World.start({ hosts: ['web-01'], control: createControlActivities({ db: database.db }) });
}, 180_000);
afterAll(async () => {
  await world?.stop();
  await server?.stop();
}, 60_000);

let sweeping: { stop: AbortController; ended: Promise<void> }[] = [];
function sweep(): void {
  const stop = new AbortController();
  const ended = keepSweeping({ db: database.db, client: world.env.client, log: pino({ level: 'silent' }), artifacts: new FolderStore(join(tmpdir(), 'maestro-no-artifacts')) }, stop.signal);
  sweeping.push({ stop, ended });
}
afterEach(async () => {
  for (const { stop } of sweeping) stop.abort();
  await Promise.all(sweeping.map(({ ended }) => ended));
  sweeping = [];
});

interface Opened { rolloutId: string; deployId: string; hosts: FakeHosts }

/** A rollout as the API opens it, of a deploy of its own; its workflow is not started. */
async function opened(name: string): Promise<Opened> {
  const { db } = database;
  const deployId = await shop(db, name);
  const { rollout_id: rolloutId } = await openRollout(db, actor, { deployId, version: 1, kind: 'apply' });
  const hosts = new FakeHosts((await loadRollout(db, rolloutId)).graph);
  world.meet(rolloutId, hosts);
  return { rolloutId, deployId, hosts };
}

const start = ({ rolloutId: rollout_id, deployId: deploy_id }: Opened) =>
  world.env.client.workflow.start<(input: RolloutInput) => Promise<unknown>>(workflowTypes.rollout, { taskQueue: controlQueue, workflowId: rolloutWorkflowId(deploy_id), args: [{ rollout_id, deploy_id }], memo: { rollout_id } });

const view = ({ rolloutId }: Opened): Promise<RolloutView> => getRollout(database.db, rolloutId);
const untilState = (rollout: Opened, state: RolloutState): Promise<void> =>
  waitFor(async () => (await view(rollout)).state === state, () => `${rollout.rolloutId} to be ${state}`);

async function executions({ deployId }: Opened): Promise<number> {
  let count = 0;
  for await (const _execution of world.env.client.workflow.list({ query: `WorkflowId = "${rolloutWorkflowId(deployId)}"` })) count += 1;
  return count;
}

describe('a rollout whose start was lost', () => {
  test('is started once, after it has been pending for 3 s, and succeeds', async () => {
    const rollout = await opened('lost');
    sweep();
    await wait(1_500);
    expect((await view(rollout)).state).toBe('pending');
    await untilState(rollout, 'succeeded');
    await wait(twoPassesMs);
    expect(await executions(rollout)).toBe(1);
    expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate web-01/db', 'activate web-01/web']);
  }, 60_000);

  test('has one effect though two sweepers see it', async () => {
    const rollout = await opened('lost-twice');
    sweep();
    sweep();
    await untilState(rollout, 'succeeded');
    await wait(1_000);
    expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate web-01/db', 'activate web-01/web']);
    const { status } = await world.env.client.workflow.getHandle(rolloutWorkflowId(rollout.deployId)).describe();
    expect(status.name).toBe('COMPLETED');
  }, 60_000);
});

describe('a record that says open', () => {
  test('is ended as failed with a reason when its workflow was terminated, and the deploy is free again', async () => {
    const rollout = await opened('terminated');
    const gate = rollout.hosts.hold('activate web-01/db');
    const handle = await start(rollout);
    await gate.reached;
    await handle.terminate('by hand');
    sweep();
    await untilState(rollout, 'failed');
    const { reason, ended_at } = await view(rollout);
    expect(reason).toBe('its workflow was ended from outside (terminated); the hosts are as the last steps left them');
    expect(ended_at).not.toBeNull();
    await expect(openRollout(database.db, actor, { deployId: rollout.deployId, version: 1, kind: 'apply' })).resolves.toMatchObject({ version: 1 });
    gate.open();
  }, 60_000);

  test('is ended as failed with a reason when there is no workflow', async () => {
    const rollout = await opened('gone');
    await startRollout(database.db, rollout.rolloutId);
    sweep();
    await untilState(rollout, 'failed');
    expect((await view(rollout)).reason).toMatch(/^its workflow is gone from Temporal/);
  }, 60_000);

  test('is left alone while its workflow runs or rests', async () => {
    const [resting, running] = [await opened('resting'), await opened('running')];
    resting.hosts.fail('activate web-01/db', stepFailure('http 503'));
    const gate = running.hosts.hold('activate web-01/db');
    await Promise.all([start(resting), start(running)]);
    await Promise.all([gate.reached, untilState(resting, 'paused')]);
    sweep();
    await wait(twoPassesMs);
    expect((await view(resting)).state).toBe('paused');
    expect((await view(running)).state).toBe('running');
    gate.open();
    await untilState(running, 'succeeded');
  }, 60_000);
});

test('the records of a real run are what the database keeps', async () => {
  const rollout = await opened('whole');
  await (await start(rollout)).result();
  const { state, steps } = await view(rollout);
  expect(state).toBe('succeeded');
  expect(steps.map((step) => [step.step, step.state, step.attempt, step.action])).toEqual([['web-01/db', 'succeeded', 1, 'create'], ['web-01/web', 'succeeded', 1, 'create']]);
}, 60_000);
