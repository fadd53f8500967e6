/**
 * All events, live, to any number of subscribers in one process: each gets every row once and in id order, across lost
 * connections, because rows are always read by `id > last seen`; a notification only says when to look.
 */
import { MaestroError } from '../../spec/errors.js';
import type { Db } from '../database.js';
import { Listener } from './listener.js';
import { lastEventId, matches, readEvents, type EventFilter, type EventView } from './views.js';

/** While a subscriber catches up, the next event waits for the promise; live events do not wait. */
export type OnEvent = (event: EventView) => void | Promise<void>;
export interface Subscription extends EventFilter { /** Start behind this id; default: whatever comes from now on. */ after?: number }
export interface EventFeedOptions { db: Db; databaseUrl: string; onError?: (error: unknown) => void; checkMs?: number }

interface Subscriber { readonly filter: EventFilter; readonly onEvent: OnEvent; cursor: number; live: boolean; active: boolean }

const batch = 500;
const retryMs = 500;

export class EventFeed {
  private readonly db: Db;
  private readonly onError: (error: unknown) => void;
  private readonly listener: Listener;
  private readonly subscribers = new Set<Subscriber>();
  /** Every event up to here went to all live subscribers. */
  private head = 0;
  private started = false;
  private closed = false;
  private reading: Promise<void> | null = null;
  private wakeAgain = false;

  constructor({ db, databaseUrl, onError = () => undefined, checkMs = 10_000 }: EventFeedOptions) {
    this.db = db;
    this.onError = onError;
    this.listener = new Listener({ databaseUrl, onError, checkMs, onWake: () => this.wake() });
  }

  /** False while the connection is being repaired; subscribers then wait, and miss nothing. */
  get connected(): boolean {
    return this.listener.connected;
  }

  /** Must have ended before the first subscribe. Throws `unavailable` when the database cannot be reached. */
  async start(): Promise<void> {
    try {
      this.head = await lastEventId(this.db);
      await this.listener.connect();
      this.started = true;
      this.wake();
    } catch (cause) {
      throw new MaestroError('unavailable', 'The events cannot be followed: the database does not answer.', { fix: 'Start the database, then this process again.', cause });
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const subscriber of this.subscribers) subscriber.active = false;
    this.subscribers.clear();
    await this.listener.close();
    await this.reading;
  }

  /** Returns the function that ends it; after that `onEvent` is not called again. */
  subscribe({ after, ...filter }: Subscription, onEvent: OnEvent): () => void {
    if (!this.started || this.closed) throw new MaestroError('unavailable', 'The event feed is not running.', { fix: 'Try again in a moment.' });
    const subscriber: Subscriber = { filter, onEvent, cursor: after ?? this.head, live: after === undefined || after >= this.head, active: true };
    this.subscribers.add(subscriber);
    if (!subscriber.live) void this.catchUp(subscriber);
    return () => this.drop(subscriber);
  }

  private drop(subscriber: Subscriber): void {
    subscriber.active = false;
    this.subscribers.delete(subscriber);
  }

  private wake(): void {
    if (!this.started || this.closed) return;
    if (this.reading) this.wakeAgain = true;
    else this.reading = this.readNew().finally(() => { this.reading = null; });
  }

  private async readNew(): Promise<void> {
    for (let more = true; more && !this.closed; ) {
      this.wakeAgain = false;
      try {
        const events = await readEvents(this.db, { after: this.head, limit: batch });
        events.forEach((event) => this.dispatch(event));
        more = events.length === batch || this.wakeAgain;
      } catch (error) {
        this.onError(error);
        more = await this.pauseAfterError();
      }
    }
  }

  private async pauseAfterError(): Promise<boolean> {
    await new Promise((resolve) => { setTimeout(resolve, retryMs).unref(); });
    return !this.closed;
  }

  private dispatch(event: EventView): void {
    this.head = event.id;
    for (const subscriber of this.subscribers) if (subscriber.live) void this.deliver(subscriber, event);
  }

  /** Skips what was delivered already; a subscriber that throws is let go, the others are not affected. */
  private deliver(subscriber: Subscriber, event: EventView): Promise<void> | undefined {
    if (!subscriber.active || event.id <= subscriber.cursor) return undefined;
    subscriber.cursor = event.id;
    if (!matches(event, subscriber.filter)) return undefined;
    const fail = (error: unknown): void => {
      this.drop(subscriber);
      this.onError(error);
    };
    try {
      const result = subscriber.onEvent(event);
      return result === undefined ? undefined : Promise.resolve(result).catch(fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  /** Reads pages from the subscriber's own place until it stands where the live ones stand, then joins them. */
  private async catchUp(subscriber: Subscriber): Promise<void> {
    while (subscriber.active && !subscriber.live) {
      const head = this.head;
      try {
        const events = await readEvents(this.db, { ...subscriber.filter, after: subscriber.cursor, limit: batch });
        for (const event of events) await this.deliver(subscriber, event);
        // A page that is not full holds everything up to the head that was there before it was read.
        if (events.length < batch) subscriber.cursor = Math.max(subscriber.cursor, head);
        subscriber.live = subscriber.cursor >= this.head;
      } catch (error) {
        this.onError(error);
        await this.pauseAfterError();
      }
    }
  }
}
