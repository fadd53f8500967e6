/**
 * Keeps the rules as they shall be while the worker runs: after a boot, when Docker has started containers under other
 * addresses, and when somebody has flushed the tables.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { labels } from '../docker/labels.js';
import { messageOf } from '../trouble.js';
import type { Publisher } from './publisher.js';

const lookMs = 5_000;
const retryMs = 500;
const settleMs = 20;

export interface KeeperDeps { publisher: Publisher; docker: Dockerode; log: { info(values: object, text: string): void; warn(values: object, text: string): void } }

/** Until `stopping`. Trouble is tried again for as long as it lasts, and told when it begins and ends. */
export async function keepPublished(deps: KeeperDeps, stopping: AbortSignal): Promise<void> {
  const news = new News();
  const watching = watch(deps, news, stopping);
  let trouble: string | null = null;
  while (!stopping.aborted) {
    const before: string | null = trouble;
    trouble = await deps.publisher.refresh().then((told) => {
      for (const line of told) deps.log.info({}, line);
      return null;
    }, messageOf);
    if (trouble !== before) deps.log[trouble === null ? 'info' : 'warn']({ trouble }, trouble === null ? 'published ports are as they shall be' : 'published ports could not be looked after, trying again');
    await news.within(trouble === null ? lookMs : retryMs, stopping);
  }
  await watching;
}

/** Whether something has happened since the last look. */
class News {
  private wake: () => void = () => undefined;
  private some = false;

  tell(): void {
    this.some = true;
    this.wake();
  }

  async within(timeoutMs: number, stopping: AbortSignal): Promise<void> {
    const over = new AbortController();
    const heard = new Promise<void>((resolve) => { this.wake = resolve; });
    if (!this.some) await Promise.race([heard, sleep(timeoutMs, undefined, { signal: AbortSignal.any([over.signal, stopping]) }).catch(() => undefined)]);
    over.abort();
    // Several come together as a rule.
    if (this.some) await sleep(settleMs);
    this.some = false;
  }
}

/** A start gives a container its address. A daemon that is away is asked again. */
async function watch({ docker, publisher }: KeeperDeps, news: News, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      if (await publisher.isUsed()) await events(docker, news, stopping);
    } catch {
      // Asked again below; that Docker is away is told by those who need it.
    }
    news.tell();
    await sleep(lookMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

async function events(docker: Dockerode, news: News, stopping: AbortSignal): Promise<void> {
  const stream = await docker.getEvents({ filters: { type: ['container'], event: ['start', 'die'], label: [labels.deploy] } });
  const stop = (): void => { if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy(); };
  stopping.addEventListener('abort', stop, { once: true });
  news.tell();
  try {
    for await (const _ of stream) news.tell();
  } finally {
    stopping.removeEventListener('abort', stop);
  }
}
