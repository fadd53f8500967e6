/**
 * One reader of events on one WebSocket. What it has not taken yet is bounded: while it catches up, reading waits for it;
 * live, it is cut with a hint where to resume. Nothing is ever left out silently.
 */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Actor } from '../../control/actor.js';
import type { EventFeed, EventView, Subscription } from '../../control/events/index.js';
import { isInScope, maySee } from './visible.js';

/** Largest unsent amount before the reader is cut. */
export const bufferedBytesMax = 1 << 20;
/** Events of a narrowed reader that wait for a look at their deploy. */
const undecidedMax = 5_000;
const comfortableBytes = 256 << 10;
const drainTimeoutMs = 15_000;
const farewellMs = 5_000;

export const closeCodes = { gap: 1013, ended: 1008, away: 1001 } as const;

export class EventStream {
  private lastSent: number;
  private gathering = false;
  private undecided = 0;
  private decisions: Promise<void> = Promise.resolve();
  private current: Actor;
  private readonly unsubscribe: () => void;

  /** `connection` is what `socket` writes to. `askAgain`: who the reader is by now. */
  constructor(private readonly socket: WebSocket, private readonly connection: Duplex, actor: Actor, feed: EventFeed, subscription: Subscription, private readonly askAgain: () => Promise<Actor | null>) {
    this.current = actor;
    this.lastSent = subscription.after ?? 0;
    socket.on('error', () => socket.terminate());
    this.unsubscribe = feed.subscribe(subscription, (event) => this.offer(event));
    socket.once('close', this.unsubscribe);
  }

  set actor(actor: Actor) {
    this.current = actor;
    this.outOfSight.clear();
  }

  /** Deploys that a narrowed reader was found not to see, until they are looked at again. */
  private readonly outOfSight = new Set<string>();

  private offer(event: EventView): void | Promise<void> {
    if (this.current.scope === undefined && this.undecided === 0) return this.pass(event);
    if (this.undecided >= undecidedMax) return this.cut();
    this.undecided += 1;
    this.decisions = this.decisions.then(() => this.decide(event)).finally(() => { this.undecided -= 1; });
    return this.decisions;
  }

  /** A deploy may be newer than what is known of the reader: then it is asked once more, before the next event is looked at. */
  private async decide(event: EventView): Promise<void> {
    const { deploy_id: deploy } = event;
    if (!isInScope(this.current, event) && deploy !== undefined && !this.outOfSight.has(deploy)) {
      const actor = await this.askAgain().catch(() => null);
      if (actor !== null) this.current = actor;
      if (actor !== null && !isInScope(actor, event)) this.outOfSight.add(deploy);
    }
    if (isInScope(this.current, event)) await this.pass(event);
  }

  private pass(event: EventView): void | Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN || !maySee(this.current, event)) return undefined;
    if (this.socket.bufferedAmount > bufferedBytesMax) return this.cut();
    this.gather();
    const sent = new Promise<void>((resolve) => { this.socket.send(JSON.stringify(event), () => resolve()); });
    this.lastSent = event.id;
    return this.socket.bufferedAmount > comfortableBytes ? this.drained(sent) : undefined;
  }

  /** Events come several at a time; those of one moment leave in one write. */
  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    this.connection.cork();
    process.nextTick(() => {
      this.gathering = false;
      this.connection.uncork();
    });
  }

  /** Only awaited while the feed reads this reader's backlog. */
  private async drained(sent: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => { timer = setTimeout(resolve, drainTimeoutMs, 'late'); });
    const outcome = await Promise.race([sent, late]);
    clearTimeout(timer);
    if (outcome === 'late') this.cut();
  }

  private cut(): void {
    this.socket.send(JSON.stringify({ type: 'gap', after: this.lastSent }));
    this.end(closeCodes.gap, 'too slow: connect again with ?after=');
  }

  /** Closes politely, then by force: a reader that takes nothing does not answer a close either. */
  end(code: number, reason: string): void {
    this.unsubscribe();
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.close(code, reason);
    const timer = setTimeout(() => this.socket.terminate(), farewellMs);
    timer.unref();
    this.socket.once('close', () => clearTimeout(timer));
  }
}
