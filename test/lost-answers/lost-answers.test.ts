/**
 * What had its effect and was not answered happens once: one in ten answers of the database, of Temporal, of Docker, of
 * a git server and of the API is lost while a deploy is applied, changed, fails, is retried, rolled back and aborted.
 *
 * LOST_ANSWERS_ROUNDS and LOST_ANSWERS_SEED make it longer, and other.
 */
import { createPrisma, type PrismaClient } from '../../prisma/client.js';
import { totalOf } from './chance.js';
import { startLossyWorld, type LossyWorld } from './lossy-world.js';
import { Story } from './story.js';

const rounds = Number(process.env['LOST_ANSWERS_ROUNDS'] ?? '1');
const seed = Number(process.env['LOST_ANSWERS_SEED'] ?? '7');
const rate = 0.1;
/** Of each part, at least so many a round: else nothing is shown. */
const leastLost: Readonly<Record<string, number>> = { database: 10, temporal: 8, api: 3, 'docker of h1': 1, 'docker of h2': 1, git: 1 };

let lossy: LossyWorld;
let db: PrismaClient;
beforeAll(async () => {
  lossy = await startLossyWorld(seed, rate);
  db = createPrisma(lossy.databaseUrl);
}, 900_000);
afterAll(async () => {
  await db?.$disconnect();
  await lossy?.stop();
}, 120_000);

test.each(Array.from({ length: rounds }, (_, index) => index + 1))('with one in ten answers lost everything happens once (round %i)', async (round) => {
  const story = new Story(lossy, db, round);
  await story.tell().finally(() => console.log(`seed ${String(seed)}, round ${String(round)}: ${JSON.stringify(story.times)}`));
}, 600_000);

test('and enough of them were lost to show it', async () => {
  const counts = await lossy.counts();
  console.log(Object.entries(counts).map(([part, kinds]) => `${part}: ${Object.entries(kinds).map(([kind, { seen, lost }]) => `${kind} ${String(lost)}/${String(seen)}`).join(', ')}`).join('\n'));
  for (const [part, least] of Object.entries(leastLost)) expect([part, totalOf(counts[part] ?? {}).lost >= least * rounds]).toEqual([part, true]);
});
