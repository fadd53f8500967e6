/** A script that does as it is told to: what got no answer, or was told to wait, is sent again under the same key. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../rollouts/api-client.js';

export interface Told { status: number; body: Record<string, unknown>; tries: number }

const tries = 40;
const pauseMs = 250;

export class LossyClient {
  /** Answers that say that something is wrong inside Maestro: there must be none. */
  readonly faults: string[] = [];

  constructor(private readonly url: string, private readonly api: ApiClient) {}

  async post(path: string, body: unknown = {}): Promise<Told> {
    const key = randomUUID();
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const told = await this.once(path, body, key);
      if (told !== null && !isToRepeat(told)) return { ...told, tries: attempt };
      await sleep(pauseMs);
    }
    throw new Error(`POST ${path}: no answer after ${String(tries)} tries`);
  }

  private async once(path: string, body: unknown, key: string): Promise<Omit<Told, 'tries'> | null> {
    const headers = { cookie: this.api.cookie, origin: this.url, 'content-type': 'application/json', 'idempotency-key': key };
    try {
      const response = await fetch(`${this.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(60_000) });
      const answer = await response.json() as Record<string, unknown>;
      if (response.status >= 500 && ![503, 504].includes(response.status)) this.faults.push(`POST ${path}: ${String(response.status)} ${JSON.stringify(answer)}`);
      return { status: response.status, body: answer };
    } catch {
      return null;
    }
  }
}

/** Away, too slow, or still at it. */
const isToRepeat = ({ status, body }: Omit<Told, 'tries'>): boolean => status >= 500 || (status === 409 && String(body['message']).includes('still running'));
