/** The Docker daemon of this host. */
import { existsSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import Dockerode from 'dockerode';
import type { Environment } from '../config.js';
import { PassingTrouble } from '../trouble.js';
import { call } from './docker-call.js';

const socketPath = '/var/run/docker.sock';
const pingTimeoutMs = 2_000;
const pollMs = 200;

/** A client is made in any case: Docker may be installed later. */
export const dockerOf = (env: Environment): Dockerode => (hasDockerHost(env) ? new Dockerode() : new Dockerode({ socketPath }));

const hasDockerHost = (env: Environment): boolean => (env['DOCKER_HOST'] ?? '') !== '';

/** Whether waiting for an answer makes sense. */
export const isInstalled = (env: Environment): boolean => hasDockerHost(env) || existsSync(socketPath);

export async function answers(docker: Dockerode): Promise<boolean> {
  return call('answer', () => onNewConnection(docker).ping(), pingTimeoutMs).then(() => true, () => false);
}

/** A daemon that is going down takes no new connections, but still serves those that were kept open. */
function onNewConnection(docker: Dockerode): Dockerode {
  const { modem } = docker;
  const agent = 'protocol' in modem && modem.protocol === 'https' ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  // dockerode writes out its options to the last depth, for a log that is off: from an agent that leads through half the process.
  Object.assign(agent, { [inspect.custom]: () => 'an agent' });
  return Object.assign(new Dockerode(), { modem: Object.assign(Object.create(modem), { agent }) });
}

/** Waits for a daemon that is restarting. */
export async function waitForDocker(docker: Dockerode, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await answers(docker))) {
    if (performance.now() > deadline) throw new PassingTrouble(`Docker did not answer within ${String(timeoutMs / 1000)} s`);
    await sleep(pollMs, undefined, { signal });
  }
}
