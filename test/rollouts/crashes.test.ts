/** Any process may die in the middle of a rollout: it goes on and ends right, and nothing is made twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { states } from './api-client.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld(['h1', 'h2']);
}, 900_000);
afterAll(() => world?.stop(), 120_000);

const components = ['a', 'b', 'c'];
/** Six containers one after the other, each healthy only after a while: long enough to be hit in the middle. */
const chain = (project: string, port: number): string => `api_version: maestro/v1
project: ${project}
hosts: { h1: {}, h2: {} }
defaults:
  component:
    source: { type: docker, image: demo/web, tag: "1" }
components:
${components.map((id, index) => `  ${id}:
    run: { type: docker, container_name: ${project}-${id}, ports: ["${port + index}:8080"], env: { CONFIG: /server } }
    healthcheck: { type: http, url: "http://localhost:${port + index}/health" }
${index === 0 ? '' : `    depends_on: [${components[index - 1] ?? ''}]\n`}`).join('')}deployment:
  - { hosts: [h1, h2], components: [${components.join(', ')}] }
`;

/** Containers that were ever created on a host for a project, from Docker's own event log. */
async function created(host: string, project: string, since: number): Promise<string[]> {
  const argv = ['docker', 'events', '--since', String(since), '--until', String(Math.floor(Date.now() / 1000) + 1), '--filter', 'event=create', '--filter', 'type=container', '--format', '{{.Actor.Attributes.name}}'];
  const { stdout } = await world.host(host).exec(argv);
  return stdout.trim().split('\n').filter((name) => name.startsWith(`${project}-`)).sort();
}

async function expectWhole(project: string, rolloutId: string, since: number): Promise<void> {
  const rollout = await world.api.settled(rolloutId);
  expect(rollout.state).toBe('succeeded');
  expect(new Set(Object.values(states(rollout)))).toEqual(new Set(['succeeded']));
  for (const host of ['h1', 'h2']) {
    expect(await created(host, project, since)).toEqual(components.map((id) => `${project}-${id}`));
  }
  const again = await world.api.apply(rollout.deploy_id);
  expect(new Set(Object.values(states(again)))).toEqual(new Set(['unchanged']));
}

/** Starts a rollout and waits until its second step runs: some of it is done, most is not. */
async function inTheMiddle(project: string, port: number): Promise<{ rolloutId: string; since: number }> {
  const since = Math.floor(Date.now() / 1000) - 1;
  const rolloutId = await world.api.startApply(await world.api.deploy(chain(project, port)));
  await world.api.waitFor(rolloutId, ({ steps }) => steps.some(({ state }) => state === 'succeeded'));
  return { rolloutId, since };
}

test('kill -9 of the API', async () => {
  const { rolloutId, since } = await inTheMiddle('api', 18200);
  await world.stack.processes.api.kill('SIGKILL');
  await world.stack.processes.api.restart();
  await expectWhole('api', rolloutId, since);
}, 240_000);

test('kill -9 of the control-plane worker', async () => {
  const { rolloutId, since } = await inTheMiddle('worker', 18210);
  await world.stack.processes.worker.kill('SIGKILL');
  await sleep(1000);
  await world.stack.processes.worker.restart();
  await expectWhole('worker', rolloutId, since);
}, 240_000);

test('kill -9 of a host worker', async () => {
  const { rolloutId, since } = await inTheMiddle('host', 18220);
  await world.host('h1').killWorker('SIGKILL');
  await expectWhole('host', rolloutId, since);
}, 240_000);

test('kill -9 of the Temporal server', async () => {
  const { rolloutId, since } = await inTheMiddle('temporal', 18230);
  await world.stack.processes.temporal.kill('SIGKILL');
  await sleep(1000);
  await world.stack.processes.temporal.restart();
  await expectWhole('temporal', rolloutId, since);
}, 240_000);

test('kill -9 of the database', async () => {
  const { rolloutId, since } = await inTheMiddle('database', 18240);
  await world.stack.processes.database.kill('SIGKILL');
  await sleep(1000);
  await world.stack.processes.database.restart();
  await expectWhole('database', rolloutId, since);
}, 240_000);

test('an apply accepted while Temporal is down is started when it is back', async () => {
  const deployId = await world.api.deploy(chain('late', 18250));
  const since = Math.floor(Date.now() / 1000) - 1;
  await world.stack.processes.temporal.kill('SIGKILL');
  const rolloutId = await world.api.startApply(deployId);
  expect((await world.api.waitFor(rolloutId, () => true)).state).toBe('pending');
  await world.stack.processes.temporal.restart();
  await expectWhole('late', rolloutId, since);
}, 240_000);
