/**
 * Seeded schedules on real hosts: rollouts of containers without and with a gap, of units, files and builds, and in their
 * middle a kill of the API, a worker, the host worker, Temporal, the database or dockerd, or a cut of a host's network.
 * After each the oracle looks at everything. Every kind of fault comes first once, then as the seed says. More, or one
 * seed again, by
 *
 *   MAESTRO_REAL_SCHEDULES=400 MAESTRO_SEED=7 npm run -s jest -- test/schedules/real-hosts
 *
 * MAESTRO_FAULTS=dockerd,network keeps to those, for whoever looks for something; MAESTRO_LOG=debug tells each round.
 */
import pg from 'pg';
import { startWorld, type World } from '../rollouts/world.js';
import { PatientApi } from './patient-api.js';
import { Random } from './random.js';
import { isDocker, kinds, secretPath } from './real-documents.js';
import { faults as allFaults, inWords, randomStrike } from './real-faults.js';
import { openLedger } from './real-report.js';
import { Rounds } from './real-round.js';

const schedules = Number(process.env['MAESTRO_REAL_SCHEDULES'] ?? 20);
const seed = Number(process.env['MAESTRO_SEED'] ?? 11);
const chosen = process.env['MAESTRO_FAULTS']?.split(',');
const faults = allFaults.filter((fault) => chosen?.includes(fault) !== false);
const hosts = ['h1', 'h2', 'h3'];
const atOnce = 3;
const canary = `canary-${String(seed)}-Zq9`;

let world: World;
let db: pg.Pool;
beforeAll(async () => {
  world = await startWorld(hosts);
  db = new pg.Pool({ connectionString: world.stack.databaseUrl, max: 4, query_timeout: 60_000 });
  db.on('error', () => undefined); // seen by the query that needs the connection
  await world.api.ok('PUT', `/api/secrets/${secretPath}`, { value: canary });
  await Promise.all(hosts.map((id) => openLedger(world.host(id))));
}, 900_000);
afterAll(async () => {
  await (db as pg.Pool | undefined)?.end();
  await (world as World | undefined)?.stop();
}, 180_000);

test(`${String(schedules)} schedules on real hosts, seed ${String(seed)}: no promise is broken`, async () => {
  const random = new Random(seed);
  const rounds = new Rounds({ world, api: new PatientApi(world.api), db, hosts, canary });
  const started = performance.now();
  const told: string[] = [];
  const isEnough = (): boolean => rounds.counted.length >= schedules && faults.every((fault) => rounds.counted.some((one) => one.fault === fault)) && kinds.every((kind) => rounds.counted.some((one) => one.kind === kind));
  let round = 0;
  for (; !isEnough() && rounds.troubles.length === 0; round += 1) {
    if (round >= schedules + faults.length) throw new Error(`seed ${String(seed)}: too little was under way when something happened: ${JSON.stringify(rounds.counted)}`);
    const choices = random.fork();
    const plan = randomStrike(choices, faults[round] ?? choices.pick(faults), hosts);
    const taken = plan.fault === 'dockerd' ? kinds.filter(isDocker) : round < kinds.length ? kinds.map((_, index) => kinds[(round + index) % kinds.length] ?? 'cold') : shuffled(choices);
    const before = rounds.counted.length;
    const roundStarted = performance.now();
    await rounds.run(choices, taken.slice(0, atOnce), plan).catch((error: unknown) => void rounds.troubles.push(String(error instanceof Error ? error.stack : error)));
    told.push(`round ${String(round)}, ${taken.slice(0, atOnce).join(' ')}, ${inWords(plan)}: ${rounds.counted.slice(before).map(({ kind, what }) => `${kind} ${what}`).join(', ')}; ${((performance.now() - roundStarted) / 1000).toFixed(1)} s`);
    if (process.env['MAESTRO_LOG'] === 'debug') process.stderr.write(`${told.at(-1) ?? ''}\n`);
  }
  const byFault = Object.fromEntries(faults.map((fault) => [fault, rounds.counted.filter((one) => one.fault === fault).length]));
  const byKind = Object.fromEntries(kinds.map((kind) => [kind, rounds.counted.filter((one) => one.kind === kind).length]));
  const byWhat = Object.fromEntries(['first', 'good', 'bad'].map((what) => [what, rounds.counted.filter((one) => one.what === what).length]));
  console.info(`${String(rounds.counted.length)} schedules on real hosts of seed ${String(seed)} in ${String(round)} rounds and ${((performance.now() - started) / 1000).toFixed(0)} s: ${JSON.stringify({ ...byFault, ...byKind, ...byWhat })}; ${String(rounds.damaged)} containers that a killed Docker could not start any more`);
  expect(rounds.troubles.length === 0 ? [] : [`seed ${String(seed)}`, ...rounds.troubles, ...told.slice(-2)]).toEqual([]);
  for (const host of hosts) expect((await world.host(host).workerLog()).includes(canary)).toBe(false);
}, 4 * 3_600_000);

const shuffled = (random: Random): (typeof kinds)[number][] => kinds.map((kind) => ({ kind, at: random.next() })).sort((a, b) => a.at - b.at).map(({ kind }) => kind);
