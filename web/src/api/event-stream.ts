/**
 * One subscription to /ws/events that does not give up: events come at least once and in batches, an interruption is
 * followed by a reconnect that asks for what came after the last seen id, and the status never says "live" when it is not.
 * Free of React and of the browser's globals, which come in as `StreamHost`.
 */
import * as z from 'zod/mini';
import { eventTypes } from './words.js';
import type { Event } from './types.js';

export type StreamStatus = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface Socket {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  close(): void;
}

export interface StreamHost {
  open(after: number | null): Socket;
  /** True when the machine itself says that it has no network. */
  offline(): boolean;
  /** Answers whether the server is there; asked after a silence, since a dead connection looks like a quiet one. */
  reachable(): Promise<boolean>;
  random(): number;
}

export interface StreamListener {
  onEvents(events: Event[]): void;
  onStatus(status: StreamStatus): void;
  /** The stream was cut and may have missed something that `after` does not bring back: read the snapshot again. */
  onGap(): void;
}

export interface StreamTiming { batchMs: number; firstRetryMs: number; longestRetryMs: number; silenceMs: number }
const defaultTiming: StreamTiming = { batchMs: 60, firstRetryMs: 500, longestRetryMs: 15_000, silenceMs: 30_000 };

const text = z.optional(z.nullable(z.string()));
const eventShape = z.object({
  id: z.number(), type: z.enum(eventTypes), ts: z.string(), deploy_id: text, rollout_id: text, host: text, component: text, data: z.unknown(),
});
const gapShape = z.object({ type: z.literal('gap') });

/** null for what is not an event of a type that we know. */
export function readEvent(line: unknown): Event | null {
  const parsed = eventShape.safeParse(line);
  return parsed.success ? parsed.data : null;
}

const parseJson = (message: unknown): unknown => {
  try {
    return typeof message === 'string' ? JSON.parse(message) : null;
  } catch {
    return null;
  }
};

export class EventStream {
  private socket: Socket | null = null;
  private waiting: Event[] = [];
  private batch: ReturnType<typeof setTimeout> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private silence: ReturnType<typeof setTimeout> | null = null;
  private failures = 0;
  private stopped = false;

  /** `after`: the last id already known; null asks for what comes from now on. */
  constructor(private readonly host: StreamHost, private readonly listener: StreamListener, private after: number | null, private readonly timing: StreamTiming = defaultTiming) {}

  start(): void {
    this.listener.onStatus('connecting');
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    for (const timer of [this.batch, this.retry, this.silence]) if (timer) clearTimeout(timer);
    this.drop();
  }

  /** Tries at once: the network came back, or the page was looked at again. */
  wake(): void {
    if (this.stopped || this.socket) return;
    if (this.retry) clearTimeout(this.retry);
    this.connect();
  }

  /** Asks at once whether the connection still is one: the machine says that its network has gone. */
  check(): void {
    if (!this.stopped && this.socket) void this.probe();
  }

  private connect(): void {
    this.retry = null;
    const socket = this.host.open(this.after);
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event: { data: unknown }) => this.received(event.data);
    socket.onclose = () => this.closed();
    socket.onerror = () => undefined;
  }

  private opened(): void {
    const again = this.failures > 0;
    this.failures = 0;
    this.listener.onStatus('live');
    this.listen();
    if (again && this.after === null) this.listener.onGap();
  }

  private received(message: unknown): void {
    this.listen();
    const json = parseJson(message);
    if (gapShape.safeParse(json).success) return this.listener.onGap();
    const event = readEvent(json);
    if (event) this.keep(event);
  }

  /** Events are handed on in batches, so that a burst of output is one repaint. */
  private keep(event: Event): void {
    this.after = Math.max(this.after ?? 0, event.id);
    this.waiting.push(event);
    this.batch ??= setTimeout(() => {
      this.batch = null;
      this.listener.onEvents(this.waiting.splice(0));
    }, this.timing.batchMs);
  }

  private listen(): void {
    if (this.silence) clearTimeout(this.silence);
    this.silence = setTimeout(() => void this.probe(), this.timing.silenceMs);
  }

  private async probe(): Promise<void> {
    const there = await this.host.reachable().catch(() => false);
    if (this.stopped || !this.socket) return;
    if (there) this.listen();
    else this.closed();
  }

  private closed(): void {
    if (this.stopped || !this.socket) return;
    this.drop();
    if (this.silence) clearTimeout(this.silence);
    this.failures += 1;
    this.listener.onStatus(this.host.offline() ? 'offline' : 'reconnecting');
    const delay = Math.min(this.timing.longestRetryMs, this.timing.firstRetryMs * 2 ** (this.failures - 1));
    this.retry = setTimeout(() => this.connect(), delay * (0.5 + this.host.random() / 2));
  }

  private drop(): void {
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
