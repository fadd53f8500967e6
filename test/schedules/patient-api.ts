/** A client that does not give up while the control plane is killed and comes back: it repeats, with the same key. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ApiClient, Rollout } from '../rollouts/api-client.js';

const patienceMs = 60_000;
const rolloutPatienceMs = 240_000;
const endStates: readonly string[] = ['succeeded', 'failed', 'aborted', 'rolled_back'];

export class PatientApi {
  /** Answers that did not come, and were asked for again. */
  repeated = 0;
  /** How often a rollout was seen to rest or to have ended. */
  settledCount = 0;

  constructor(private readonly client: ApiClient) {}

  async send<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const key: Record<string, string> = method === 'GET' ? {} : { 'idempotency-key': randomUUID() };
    const until = Date.now() + patienceMs;
    for (;;) {
      const answer = await this.client.send<T>(method, path, body, key).catch((error: unknown) => error);
      if (isAnswer<T>(answer) && answer.status < 500 && !isStillRunning(answer)) return answer;
      if (Date.now() > until) throw new Error(`${method} ${path}: ${isAnswer(answer) ? JSON.stringify(answer) : String(answer)}`);
      this.repeated += 1;
      await sleep(150);
    }
  }

  async ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, body: answer } = await this.send<T>(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Until nothing happens by itself any more: it has ended, or waits for a person. */
  async settled(rolloutId: string): Promise<Rollout> {
    const until = Date.now() + rolloutPatienceMs;
    for (let delayMs = 50; ; delayMs = Math.min(delayMs * 1.5, 500)) {
      const rollout = await this.ok<Rollout>('GET', `/api/rollouts/${rolloutId}`);
      if (endStates.includes(rollout.state) || rollout.state === 'paused') {
        this.settledCount += 1;
        return rollout;
      }
      if (Date.now() > until) throw new Error(`${rolloutId} stands still: ${JSON.stringify(rollout)}`);
      await sleep(delayMs);
    }
  }
}

const isAnswer = <T>(value: unknown): value is Answer<T> => typeof value === 'object' && value !== null && 'status' in value && 'body' in value;

/** The process that had begun to answer this key was killed: whoever asks again is to wait until that is sure. */
const isStillRunning = ({ status, body }: Answer<unknown>): boolean => status === 409 && JSON.stringify(body).includes('"details":{"key":');
