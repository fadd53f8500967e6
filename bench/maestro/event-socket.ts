/** The event socket as a client that waits for its rollout: remembers when each event arrived, by this process's clock. */
import { WebSocket } from 'ws';
import { z } from 'zod';

const connectTimeoutMs = 10_000;
const endTimeoutMs = 180_000;

const event = z.object({
  type: z.string(), id: z.number().optional(), ts: z.string().optional(), rollout_id: z.string().nullish(),
  host: z.string().nullish(), component: z.string().nullish(), data: z.record(z.string(), z.unknown()).optional(),
});
export type Arrived = z.infer<typeof event> & { /** performance.now() at arrival. */ at: number };

const ends = new Set(['succeeded', 'failed', 'aborted', 'rolled_back', 'paused']);

export class EventSocket {
  private readonly arrived: Arrived[] = [];
  private readonly waiting = new Set<() => void>();
  private broken: Error | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (text) => this.take(String(text)));
    socket.on('close', (code) => this.fail(new Error(`the event socket was closed (${code})`)));
    socket.on('error', (error) => this.fail(error));
  }

  static async open(url: string, cookie: string): Promise<EventSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/events`, { headers: { cookie, origin: url }, handshakeTimeout: connectTimeoutMs, perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new EventSocket(socket);
  }

  /** The event with which the rollout ended or came to rest. */
  async ended(rolloutId: string): Promise<Arrived> {
    const until = performance.now() + endTimeoutMs;
    for (;;) {
      const found = this.of(rolloutId).find(({ type, data }) => type === 'rollout.state' && ends.has(String(data?.['state'])));
      if (found !== undefined) return found;
      if (this.broken !== undefined) throw this.broken;
      await this.next(until - performance.now(), rolloutId);
    }
  }

  of(rolloutId: string): Arrived[] {
    return this.arrived.filter(({ rollout_id }) => rollout_id === rolloutId);
  }

  /** Lets go of what was kept, so that a long bench does not measure its own memory. */
  forget(): void {
    this.arrived.length = 0;
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.close();
  }

  private take(text: string): void {
    this.arrived.push({ ...event.parse(JSON.parse(text)), at: performance.now() });
    this.wake();
  }

  private fail(error: Error): void {
    this.broken = error;
    this.wake();
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  private next(timeoutMs: number, rolloutId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no end of ${rolloutId} within ${endTimeoutMs} ms`)), timeoutMs);
      this.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
