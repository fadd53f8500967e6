/** The identity while the worker runs: it is renewed in time, and everybody who connects takes the current one. */
import { createPrivateKey } from 'node:crypto';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { MaestroError } from '../../spec/errors.js';
import { messageOf } from '../trouble.js';
import { certificateRequest } from './certificate-request.js';
import { credentials } from './enroll.js';
import { type Identity, lifeOf, loadIdentity, storeIdentity } from './identity.js';
import { fetchOnce } from './request.js';

/** Every activity may be downloading, and a host still has to say hello. */
const socketsMax = 40;
const timeoutMs = 15_000;
const retryMs = 30_000;
const retryExpiredMs = 5_000;
/** How often the clock is looked at: a machine that was asleep notices soon. */
const lookMs = 60_000;

/** Renewed after two thirds of its life; a fleet that was enrolled at once does not come back at once. */
export function renewAt(certificate: string, chance: number): number {
  const { from, to } = lifeOf(certificate);
  return from + (to - from) * (2 / 3 - 0.1 * chance);
}

export class IdentityHolder {
  private agentNow: Agent;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly stateFolder: string, private now: Identity) {
    this.agentNow = agentOf(now);
  }

  static async open(stateFolder: string): Promise<IdentityHolder> {
    return new IdentityHolder(stateFolder, await loadIdentity(stateFolder));
  }

  get identity(): Identity { return this.now; }
  get agent(): Agent { return this.agentNow; }

  onRenewed(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Throws what the gateway said. Safe to repeat. */
  async renew(): Promise<void> {
    const { node, gatewayUrl, key } = this.now;
    const csr = await certificateRequest(createPrivateKey(key), node);
    const response = await fetchOnce({ url: new URL('/host/v1/renew', gatewayUrl), body: { csr }, agent: this.agentNow, signal: AbortSignal.timeout(timeoutMs) });
    if (response.status !== 201) throw new MaestroError('auth_error', `the gateway did not renew the certificate (${String(response.status)}): ${(await response.text()).slice(0, 300)}`, { fix: 'Enroll this host again if it was revoked or replaced.' });
    const { certificate } = credentials.parse(await response.json());
    const next = { ...this.now, certificate };
    await storeIdentity(this.stateFolder, next);
    const before = this.agentNow;
    this.now = next;
    this.agentNow = agentOf(next);
    before.destroy();
    for (const listener of this.listeners) listener();
  }

  /** Until told to stop. */
  async keepRenewed(log: Pick<Logger, 'info' | 'warn'>, stopping: AbortSignal): Promise<void> {
    const chance = Math.random();
    while (!stopping.aborted) {
      const due = renewAt(this.now.certificate, chance) - Date.now();
      let waitMs = Math.min(Math.max(due, 0), lookMs);
      if (due <= 0) {
        const problem = await this.renew().then(() => null, messageOf);
        if (problem === null) log.info({ until: new Date(lifeOf(this.now.certificate).to).toISOString() }, 'the certificate is renewed');
        else log.warn({ problem }, 'the certificate could not be renewed, trying again');
        waitMs = problem === null ? 0 : lifeOf(this.now.certificate).to < Date.now() ? retryExpiredMs : retryMs;
      }
      await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

const agentOf = ({ key, certificate, ca }: Identity): Agent => new Agent({ key, cert: certificate, ca, minVersion: 'TLSv1.3', keepAlive: true, maxSockets: socketsMax });
