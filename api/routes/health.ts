/** For supervisors and load balancers: is the process alive, can it work. */
import { z } from 'zod';
import { route, type Call } from '../route.js';
import { named } from '../schemas/common.js';

const readiness = named('Readiness', z.object({ ready: z.boolean(), parts: z.object({ database: z.boolean(), temporal: z.boolean() }), down: z.array(z.string()) }));

const withinMs = 3_000;

const answersInTime = (work: Promise<unknown>): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, withinMs, false);
    work.then(() => true, () => false).then(resolve, () => resolve(false)).finally(() => clearTimeout(timer));
  });

async function readyz({ context: { db, temporal }, request }: Call<unknown, unknown, unknown>): Promise<z.infer<typeof readiness>> {
  const temporalReady = temporal.isReady();
  const [database, workflows] = await Promise.all([answersInTime(db.$queryRaw`SELECT 1`), answersInTime(temporalReady.then((ready) => { if (!ready) throw new Error('not ready'); }))]);
  const parts = { database, temporal: workflows };
  const down = Object.entries(parts).filter(([, up]) => !up).map(([part]) => part);
  if (down.length > 0) request.setStatus(503);
  return { ready: down.length === 0, parts, down };
}

export const healthRoutes = [
  route({
    method: 'get', path: '/healthz', operationId: 'getHealth', tag: 'health', summary: 'The process is alive', right: 'public',
    response: named('Health', z.object({ ok: z.literal(true) })),
    handler: () => Promise.resolve({ ok: true as const }),
  }),
  route({
    method: 'get', path: '/readyz', operationId: 'getReadiness', tag: 'health', summary: 'Database and Temporal can be reached', right: 'public',
    response: readiness,
    alsoAnswers: { 503: 'Something is down; `down` names it' },
    handler: readyz,
  }),
];
