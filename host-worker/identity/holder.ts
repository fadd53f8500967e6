/** The identity while the worker runs: it is renewed in time, and everybody who connects takes the current one. */
import { createPrivateKey } from 'node:crypto';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { MaestroError } from '../../spec/errors.js';
import { messageOf } from '../trouble.js';
import { certificateRequest } from './certificate-request.js';
import { credentials, trustedBy } from './enroll.js';
import { type Identity, lifeOf, loadIdentity, rootDigests, storeIdentity } from './identity.js';
import { fetchOnce } from './request.js';

/** Every activity may be downloading, and a host still has to say hello. */
const socketsMax = 40;
const timeoutMs = 15_000;
const retryMs = 30_000;
const retryExpiredMs = 5_000;
/** Longer than an answer is waited for. */
const lingerMs = 30_000;
/** How often the clock is looked at: a machine that was asleep notices soon. */
const lookMs = 60_000;

/** When all hosts are told to renew, they do not come at once either. */
const soonMs = 10_000;
/** It begins a little before it was made, for clocks that are behind. */
const backdatedMs = 5 * 60_000;

/** Renewed after two thirds of its life; a fleet that was enrolled at once does not come back at once. */
export function renewAt(certificate: string, chance: number): number {
  const { from, to } = lifeOf(certificate);
  const lifeMs = Math.max(to - from - backdatedMs, 0);
  return to - lifeMs * (1 / 3 + 0.1 * chance);
}

export class IdentityHolder {
  private agentNow: Agent;
  private readonly listeners = new Set<() => void>();
  private soonAt = Infinity;
  private wake: () => void = () => undefined;

  constructor(private readonly stateFolder: string, private now: Identity) {
    this.agentNow = agentOf(now);
  }

  static async open(stateFolder: string): Promise<IdentityHolder> {
    return new IdentityHolder(stateFolder, await loadIdentity(stateFolder));
  }

  get identity(): Identity { return this.now; }
  get agent(): Agent { return this.agentNow; }

  /** Digests of the roots it trusts. */
  get trusts(): string[] { return rootDigests(this.now.ca); }

  /** The control plane wants it to: within seconds, whatever is left of the certificate. */
  renewSoon(): void {
    if (this.soonAt !== Infinity) return;
    this.soonAt = Date.now() + soonMs * Math.random();
    this.wake();
  }

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
    const { certificate, ca } = credentials.parse(await response.json());
    const next = { ...this.now, certificate, ...trustedBy(ca) };
    await storeIdentity(this.stateFolder, next);
    const before = this.agentNow;
    this.now = next;
    this.agentNow = agentOf(next);
    // What is under way on it ends, and is not cut.
    setTimeout(() => before.destroy(), lingerMs).unref();
    for (const listener of this.listeners) listener();
  }

  /** Until told to stop. */
  async keepRenewed(log: Pick<Logger, 'info' | 'warn'>, stopping: AbortSignal): Promise<void> {
    const chance = Math.random();
    while (!stopping.aborted) {
      const due = Math.min(renewAt(this.now.certificate, chance), this.soonAt) - Date.now();
      let waitMs = Math.min(Math.max(due, 0), lookMs);
      if (due <= 0) {
        this.soonAt = Infinity;
        const problem = await this.renew().then(() => null, messageOf);
        if (problem === null) log.info({ until: new Date(lifeOf(this.now.certificate).to).toISOString() }, 'the certificate is renewed');
        else log.warn({ problem }, 'the certificate could not be renewed, trying again');
        waitMs = problem === null ? 0 : lifeOf(this.now.certificate).to < Date.now() ? retryExpiredMs : retryMs;
      }
      await this.pause(waitMs, stopping);
    }
  }

  private async pause(ms: number, stopping: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    await sleep(ms, undefined, { signal: AbortSignal.any([stopping, woken.signal]) }).catch(() => undefined);
    this.wake = () => undefined;
  }
}

const agentOf = ({ key, certificate, ca }: Identity): Agent => new Agent({ key, cert: certificate, ca, minVersion: 'TLSv1.3', keepAlive: true, maxSockets: socketsMax });
