/** A rollout of 200 placements keeps its history small, and is quick where there is little to do. */
import type { PlacementPlan } from '../../spec/plan.js';
import { documentToGraph, hostNames } from './graphs.js';
import { payloads } from './histories.js';
import { toCreate } from './plans.js';
import { World } from './world.js';

const hosts = hostNames(10);
const components = Object.fromEntries(Array.from({ length: 20 }, (_, index): [string, string[]] => [`component-${index + 1}`, index > 0 && index % 4 === 0 ? [`component-${index}`] : []]));
const maxPayloadBytes = 256 * 1024;

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

/** As much as an honest plan says of a container with files that does not exist yet. */
const plan = (_step: string, component: string): PlacementPlan => ({
  ...toCreate(component),
  fields: Array.from({ length: 12 }, (_, index) => ({ field: `env.VARIABLE_${index}`, kind: 'desired' as const, from: null, to: 'set' })),
  files: Array.from({ length: 8 }, (_, index) => ({ path: `/etc/${component}/conf.d/${index}-settings.conf`, old_sha256: null, new_sha256: 'a'.repeat(64), kind: 'missing' as const })),
});

test.each(['parallel', 'sequential'] as const)('200 placements on 10 hosts, %s: no payload above 256 KB', async (strategy) => {
  const graph = documentToGraph(hosts, components, [`hosts: [${hosts.join(', ')}], components: [${Object.keys(components).join(', ')}], strategy: ${strategy}`]);
  expect(graph.steps).toHaveLength(200);
  const rollout = world.rollout(graph, { plan });
  const started = performance.now();
  expect(await (await rollout.start()).ends()).toBe('succeeded');
  const tookMs = performance.now() - started;
  const history = await rollout.history();
  const [biggest] = payloads(history);
  console.info(`200 placements, ${strategy}: ${(tookMs / 1000).toFixed(1)} s, ${history.events?.length} events; biggest payload ${((biggest?.bytes ?? 0) / 1024).toFixed(1)} KB (${biggest?.where})`);
  expect(biggest?.bytes).toBeGreaterThan(1024);
  expect(biggest?.bytes).toBeLessThanOrEqual(maxPayloadBytes);
  // Where the server begins to advise against; it refuses at 50,000.
  expect(history.events?.length).toBeLessThan(10_000);
}, 240_000);
