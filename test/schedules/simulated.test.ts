/**
 * Seeded schedules of everything that can happen to a rollout, many at a time, on simulated hosts and real control-plane
 * processes: workers die at fault points or are not heard of, requests to Docker are cut, API, worker, Temporal and
 * database are killed. After each the oracle looks at everything. A sample here; the soak, and one seed again, by
 *
 *   MAESTRO_SCHEDULES=10000 MAESTRO_SEED=7 npm run -s jest -- test/schedules/simulated
 */
import { OpenPort } from '../host-worker/mortal-activation.js';
import { Chaos } from './chaos.js';
import { Random } from './random.js';
import { Schedule } from './schedule.js';
import { startSimulatedFleet, type SimulatedFleet } from './simulated-fleet.js';

const schedules = Number(process.env['MAESTRO_SCHEDULES'] ?? 30);
const lanes = Math.min(Number(process.env['MAESTRO_LANES'] ?? 24), schedules);
const seed = Number(process.env['MAESTRO_SEED'] ?? 5);
const hostsOf = (lane: number): readonly [string, string] => [`l${lane}a`, `l${lane}b`];

let fleet: SimulatedFleet;
let health: OpenPort;
beforeAll(async () => {
  health = await OpenPort.start();
  fleet = await startSimulatedFleet(Array.from({ length: lanes }, (_, lane) => hostsOf(lane)).flat());
  await fleet.api.ok('PUT', '/api/secrets/schedules/canary', { value: `canary-${seed}-Zq9` });
}, 600_000);
afterAll(async () => {
  await (fleet as SimulatedFleet | undefined)?.stop();
  health.close();
}, 300_000);

test(`${schedules} schedules, seed ${seed}: no promise is broken`, async () => {
  const random = new Random(seed);
  const seeds = Array.from({ length: schedules }, () => random.fork());
  const chaos = new Chaos(fleet.stack, random.fork(), () => fleet.api.settledCount, [lanes, 2 * lanes]);
  const broken: string[] = [];
  let next = 0;
  const moves: string[] = [];
  const lane = async (number: number): Promise<void> => {
    for (;;) {
      const index = next;
      next += 1;
      const choices = seeds[index];
      if (choices === undefined || broken.length >= 5) return;
      for (const id of hostsOf(number)) fleet.host(id).story = [];
      const schedule = new Schedule(fleet, choices, { project: `s${index}`, hosts: hostsOf(number), folder: fleet.folder, healthPort: health.port });
      await schedule.run().catch((error: unknown) => void schedule.troubles.push(String(error instanceof Error ? error.stack : error)));
      moves.push(...schedule.moves.map((move) => move.split(' ')[0] ?? ''));
      if (schedule.troubles.length > 0) {
        broken.push(`schedule ${index} of seed ${seed}:\n  ${schedule.troubles.join('\n  ')}\n  after ${schedule.moves.join(', ')}\n  ${hostsOf(number).map((id) => `${id}: ${fleet.host(id).story.join(', ')}`).join('; ')}`);
        return; // what is left on its hosts would disturb the next
      }
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  await chaos.stop();
  const hosts = Array.from({ length: lanes }, (_, number) => hostsOf(number)).flat().map((id) => fleet.host(id));
  const deaths = hosts.flatMap((host) => host.deaths);
  const silences = hosts.flatMap((host) => host.silences);
  console.info(`${schedules} schedules of seed ${seed} in ${((performance.now() - started) / 1000).toFixed(0)} s: ${deaths.length} workers killed at ${new Set(deaths).size} points, ${silences.length} not heard of, ${JSON.stringify(chaos.kills)}, ${fleet.api.repeated} requests repeated; moves ${JSON.stringify(counts(moves))}`);
  expect(broken).toEqual([]);
  expect(deaths.length).toBeGreaterThan(schedules / 4);
}, 4 * 3_600_000);

function counts(words: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const word of words) found[word] = (found[word] ?? 0) + 1;
  return found;
}
