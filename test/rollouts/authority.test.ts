/**
 * Certificates are renewed, and the authority behind them and the other keys are replaced, while real hosts roll out one version after the
 * other without a pause: no step fails, no task is tried a second time, and no host is ever out of sight.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { states } from './api-client.js';
import { startWorld, type World } from './world.js';

const hosts = ['h1', 'h2'];
/** Renewed after 34 to 40 s of 60. */
const certificateSeconds = 60;

let world: World;
beforeAll(async () => { world = await startWorld(hosts, { env: { MAESTRO_HOST_CERTIFICATE_SECONDS: String(certificateSeconds) } }); }, 900_000);
afterAll(() => world?.stop(), 120_000);

const document = (round: number): string => `api_version: maestro/v1
project: keys
hosts: { h1: {}, h2: {} }
defaults:
  component:
    source: { type: docker, image: demo/web, tag: "1" }
components:
  a:
    run: { type: docker, container_name: keys-a, ports: ["18950:8080"], env: { CONFIG: /server, ROUND: "${String(round)}" } }
    healthcheck: { type: http, url: "http://localhost:18950/health" }
  b:
    run: { type: docker, container_name: keys-b, ports: ["18951:8080"], env: { CONFIG: /server, ROUND: "${String(round)}" } }
    healthcheck: { type: http, url: "http://localhost:18951/health" }
    depends_on: [a]
deployment:
  - { hosts: [h1, h2], components: [a, b] }
`;

interface Authority { stage: string; roots: { digest: string }[]; ca_digest: string; waiting: { kind: string; name: string; reason: string }[] }
const authority = () => world.api.ok<Authority>('GET', '/api/authority');

async function until(what: string, isSo: () => Promise<boolean>, ms = 100_000): Promise<number> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > ms) throw new Error(`not within ${String(ms)} ms: ${what}`);
    await sleep(250);
  }
  return (performance.now() - begun) / 1000;
}

interface Seen { rollouts: number; failed: string[]; repeated: string[]; silent: string[] }

/** How often a task was begun again, or why one did not end well, by the workflow's own history. */
async function troubles(workflowId: string): Promise<string[]> {
  const { events } = await world.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started, activityTaskFailedEventAttributes: failed, activityTaskTimedOutEventAttributes: late }) => [
    ...(started != null && (started.attempt ?? 1) > 1 ? [`attempt ${String(started.attempt)} after ${JSON.stringify(started.lastFailure?.message)}`] : []),
    ...(failed == null ? [] : ['a task failed']), ...(late == null ? [] : ['a task timed out']),
  ]);
}

/** One rollout after the other, and a look at the hosts twice a second, until told to stop. */
function keepBusy(deploy: string): { seen: Seen; stop(): Promise<Seen> } {
  const seen: Seen = { rollouts: 0, failed: [], repeated: [], silent: [] };
  let stopping = false;
  const rolling = (async () => {
    for (let round = 1; !stopping; round += 1) {
      const rollout = await world.api.apply(deploy, { version: await world.api.newVersion(deploy, document(round)) });
      seen.rollouts += 1;
      const done = Object.entries(states(rollout)).filter(([, state]) => state !== 'succeeded');
      if (rollout.state !== 'succeeded' || done.length > 0) seen.failed.push(`${rollout.state}: ${rollout.reason} ${JSON.stringify(done)}`);
      seen.repeated.push(...(await troubles(rollout.workflow_id)));
      if (rollout.state !== 'succeeded') return;
    }
  })();
  const watching = (async () => {
    while (!stopping) {
      const { items } = await world.api.ok<{ items: { name: string; online: boolean }[] }>('GET', '/api/nodes');
      seen.silent.push(...items.filter(({ online }) => !online).map(({ name }) => name));
      await sleep(500);
    }
  })();
  return {
    seen,
    async stop() {
      stopping = true;
      await Promise.all([rolling, watching]);
      return seen;
    },
  };
}

const renewals = async (): Promise<number[]> => Promise.all(hosts.map(async (host) => (await world.host(host).workerLog()).split('the certificate is renewed').length - 1));
const trusted = (host: string): Promise<number> => world.host(host).exec(['grep', '-c', 'BEGIN CERTIFICATE', '/var/lib/maestro/identity/ca.pem']).then(({ stdout }) => Number(stdout.trim()));

test('renewal by age, another root, other keys, and the end of the old root, all amid rollouts: nothing fails and nothing is tried twice', async () => {
  const deploy = await world.api.deploy(document(0));
  const busy = keepBusy(deploy);
  const { ca_digest: before } = await authority();
  // Both hosts go over to a new connection by the age of their certificates alone.
  const renewedS = await until('both certificates are renewed', async () => (await renewals()).every((count) => count > 0));

  await world.api.ok('POST', '/api/authority/rotate');
  // The other keys change with it: that of task tokens, and that of what Temporal keeps.
  await world.api.ok('POST', '/api/authority/task-keys', {});
  await world.api.ok('POST', '/api/payload-keys');
  const { roots, waiting, stage } = await authority();
  expect([stage, roots.length, waiting.map(({ name }) => name).sort()]).toEqual(['rotating', 2, hosts]);
  expect((await world.api.send('POST', '/api/authority/retire', {})).status).toBe(409);
  const movedS = await until('both hosts have certificates of the new root', async () => (await authority()).waiting.length === 0, 40_000);
  expect(await Promise.all(hosts.map(trusted))).toEqual([2, 2]);

  const retiredS = await until('every gateway has the new root', async () => (await world.api.send('POST', '/api/authority/retire', {})).status === 200, 45_000);
  await until('the old root is off both hosts', async () => (await Promise.all(hosts.map(trusted))).every((count) => count === 1), 40_000);
  const after = await authority();
  expect([after.stage, after.roots.length, after.ca_digest === before]).toEqual(['settled', 1, false]);

  const { keys } = await world.api.ok<{ keys: { state: string }[] }>('GET', '/api/payload-keys');
  const { task_keys: taskKeys } = await world.api.ok<{ task_keys: { state: string }[] }>('GET', '/api/authority');
  expect([keys.map(({ state }) => state), taskKeys.map(({ state }) => state)]).toEqual([['writes', 'reads'], ['wraps', 'unwraps']]);
  const { rollouts: sofar } = busy.seen;
  await until('rollouts under the new keys', () => Promise.resolve(busy.seen.rollouts > sofar + 1 || busy.seen.failed.length > 0));
  const { rollouts, ...trouble } = await busy.stop();
  console.log(`renewed by age after ${renewedS.toFixed(0)} s, all over to the new root ${movedS.toFixed(0)} s after it was made, the old one retired ${retiredS.toFixed(0)} s later; ${String(rollouts)} rollouts, renewals ${String(await renewals())}`);
  expect(trouble).toEqual({ failed: [], repeated: [], silent: [] });
  expect(rollouts).toBeGreaterThan(5);
}, 300_000);
