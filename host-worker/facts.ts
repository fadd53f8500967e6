/** What this host has to offer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { HostFacts } from '../spec/observed.js';
import { answers, isInstalled } from './docker/client.js';
import { isBooted } from './systemd/systemctl.js';

export async function hostFacts(docker: Dockerode): Promise<HostFacts> {
  const hasDocker = isInstalled(process.env) && (await answers(docker));
  const systemd = isBooted();
  return { docker: hasDocker, systemd, missing: [...(hasDocker ? [] : ['docker']), ...(systemd ? [] : ['systemd'])] };
}

const patienceMs = 10_000;
const pollMs = 300;

/** A daemon that is installed and does not answer is probably restarting: for those who need it, it is worth a wait. */
export async function patientFacts(docker: Dockerode, needsDocker: boolean, signal: AbortSignal): Promise<HostFacts> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const facts = await hostFacts(docker);
    if (facts.docker || !needsDocker || !isInstalled(process.env) || performance.now() > deadline) return facts;
    await sleep(pollMs, undefined, { signal });
  }
}
