/**
 * Many hosts: a sample here, and 500 hosts with 5,000 placements by
 *
 *   MAESTRO_SCALE_HOSTS=500 npm run -s jest -- test/workflows/scale
 */
import { documentToGraph, flatGraph, hostNames } from './graphs.js';
import { payloads } from './histories.js';
import { World } from './world.js';

const hosts = hostNames(Number(process.env['MAESTRO_SCALE_HOSTS'] ?? 40));
const components = Object.fromEntries(Array.from({ length: 10 }, (_, index): [string, string[]] => [`c${index}`, index === 9 ? ['c0'] : []]));
const placements = hosts.length * 10;
/** The server refuses histories of 50,000 events and payloads of 2 MB. */
const eventsMax = 12_000;
const payloadBytesMax = 1024 * 1024;

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts });
}, 300_000);
afterAll(() => world?.stop(), 300_000);

test(`${placements} placements on ${hosts.length} hosts: everything once, histories and payloads bounded; then a no-op`, async () => {
  const graph = documentToGraph(hosts, components, [`hosts: [${hosts.join(', ')}], components: [${Object.keys(components).join(', ')}], strategy: parallel`]);
  const rollout = world.rollout(graph);
  const started = performance.now();
  await rollout.start();
  const runs = new Set([(await rollout.handle.describe()).runId]);
  const seen = setInterval(() => void rollout.handle.describe().then(({ runId }) => runs.add(runId)).catch(() => undefined), 200);
  expect(await rollout.ends()).toBe('succeeded');
  clearInterval(seen);
  const tookMs = performance.now() - started;
  const histories = await Promise.all([...runs].map((run) => rollout.history(run)));
  const longest = Math.max(...histories.map(({ events }) => events?.length ?? 0));
  const biggest = Math.max(...histories.map((history) => payloads(history)[0]?.bytes ?? 0));
  const activations = rollout.hosts.names('done', 'activate');
  expect(activations).toHaveLength(placements);
  expect(new Set(activations).size).toBe(placements);
  expect(longest).toBeLessThan(eventsMax);
  expect(biggest).toBeLessThan(payloadBytesMax);

  const again = world.rollout(graph, { unchanged: graph.steps.map(({ id }) => id) });
  const noOpStarted = performance.now();
  expect(await (await again.start()).ends()).toBe('succeeded');
  const noOpMs = performance.now() - noOpStarted;
  expect(again.hosts.names('begun')).toHaveLength(hosts.length);
  console.info(`${placements} placements on ${hosts.length} hosts: ${(tookMs / 1000).toFixed(1)} s in ${runs.size} histories, the longest ${longest} events, the biggest payload ${(biggest / 1024).toFixed(0)} KB; no-op ${(noOpMs / 1000).toFixed(1)} s; ${(process.memoryUsage().rss / 1024 / 1024).toFixed(0)} MiB with all simulated hosts`);
}, 1_200_000);

test('more to fetch at once than Temporal takes: it is fetched bit by bit, and everything is done once', async () => {
  const graph = flatGraph(hosts.slice(0, 4), 550);
  const rollout = world.rollout(graph, { prepare: graph.steps.map(({ id }) => id) });
  await rollout.start();
  expect(await rollout.ends()).toBe('succeeded');
  const activations = rollout.hosts.names('done', 'activate');
  expect([activations.length, new Set(activations).size]).toEqual([2200, 2200]);
}, 240_000);
