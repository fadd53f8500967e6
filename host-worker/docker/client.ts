/** The Docker daemon of this host. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
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
  return call('answer', () => docker.ping(), pingTimeoutMs).then(() => true, () => false);
}

/** Waits for a daemon that is restarting. */
export async function waitForDocker(docker: Dockerode, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await answers(docker))) {
    if (performance.now() > deadline) throw new PassingTrouble(`Docker did not answer within ${String(timeoutMs / 1000)} s`);
    await sleep(pollMs, undefined, { signal });
  }
}
