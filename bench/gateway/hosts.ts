/** Hosts that are enrolled, poll as workers do and say hello; light enough for hundreds in one process. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { connect } from 'node:http2';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { systemActor } from '../../control/actor.js';
import { createEnrollment, enrollHost, openAuthorities } from '../../control/identity/index.js';
import { vaultKeys } from '../../control/secrets/index.js';
import { frame } from '../../gateway/grpc/framing.js';
import { servicePath } from '../../gateway/grpc/rules.js';
import { connectControlPlane } from '../../host-worker/control-plane/client.js';
import { connectWatchPlane } from '../../host-worker/control-plane/watch-client.js';
import { certificateRequest } from '../../host-worker/identity/certificate-request.js';
import { createPrisma } from '../../prisma/client.js';
import type { RunningStack } from '../../scripts/dev-stack.js';
import { hostQueue } from '../../spec/words.js';

export interface BenchHost { name: string; key: string; certificate: string; ca: string }

/** By the control plane's own code, past the limit for strangers at the door: enrolling is not what is measured. */
export async function enrollHosts({ databaseUrl, dataDir }: RunningStack, names: readonly string[]): Promise<BenchHost[]> {
  const db = createPrisma(databaseUrl);
  try {
    const authorities = await openAuthorities(db, vaultKeys({ dataDir, passphrase: undefined }));
    const { token } = await createEnrollment(db, systemActor, { host: '*', uses: names.length, ttl_seconds: 600, replace: false });
    const hosts: BenchHost[] = [];
    for (const name of names) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { certificate, ca } = await enrollHost(db, authorities, { token, name, csr: await certificateRequest(privateKey, name) }, '127.0.0.1');
      hosts.push({ name, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate, ca });
    }
    return hosts;
  } finally {
    await db.$disconnect();
  }
}

const pollers = 2;
const pollSeconds = 60;
const helloMs = 5_000;
const watchMs = 30_000;
const { PollActivityTaskQueueRequest } = proto.temporal.api.workflowservice.v1;
const normal = proto.temporal.api.enums.v1.TaskQueueKind.TASK_QUEUE_KIND_NORMAL;

/** `open`: polls that wait for an answer now. */
export interface Polling { open(): number; failures(): string[]; stop(): void }

export function pollAll(gatewayUrl: string, hosts: readonly BenchHost[]): Polling {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const failures: string[] = [];
  const ends: (() => void)[] = [];
  let open = 0;
  for (const { name, key, certificate, ca } of hosts) {
    const tls = { ca, key, cert: certificate };
    const session = connect(gatewayUrl, tls);
    session.on('error', (error) => failures.push(error.message));
    const message = frame(PollActivityTaskQueueRequest.encode({ namespace: 'default', identity: name, taskQueue: { name: hostQueue(name), kind: normal } }).finish());
    const poll = (): Promise<void> => new Promise((resolve) => {
      const stream = session.request({ ':method': 'POST', ':path': `${servicePath}PollActivityTaskQueue`, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': `${String(pollSeconds)}S` });
      open += 1;
      stream.on('trailers', (said) => { if (said['grpc-status'] !== '0' && !stopping.signal.aborted) failures.push(`poll: ${String(said['grpc-status'])} ${String(said['grpc-message'])}`); });
      stream.on('error', () => undefined).resume().once('close', () => { open -= 1; resolve(); });
      stream.end(message);
    });
    for (let index = 0; index < pollers; index += 1) void repeat(poll, 0, stopping.signal);
    const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 4 });
    const [control, watch] = [connectControlPlane({ url: gatewayUrl, agent: () => agent }), connectWatchPlane({ url: gatewayUrl, agent: () => agent })];
    const asked = (work: Promise<unknown>): Promise<void> => work.then(() => undefined, (error: unknown) => { if (!stopping.signal.aborted) failures.push(String(error)); });
    void repeat(() => asked(control.hello({ docker: true, systemd: true, missing: [] }, 'bench', [])), helloMs, stopping.signal);
    void repeat(() => asked(watch.watched(null, stopping.signal)), watchMs, stopping.signal);
    ends.push(() => { session.destroy(); agent.destroy(); });
  }
  return { open: () => open, failures: () => failures, stop: () => { stopping.abort(); for (const end of ends) end(); } };
}

/** Spread over the time, as hosts are that were not switched on at once. */
async function repeat(work: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  await sleep((everyMs * (randomBytes(1)[0] ?? 0)) / 256, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    await work();
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
