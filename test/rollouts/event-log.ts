/** Everything the event socket said, in the order it arrived; it comes back by itself where it left off. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ApiClient } from './api-client.js';

export interface SeenEvent { id: number; type: string; rollout_id?: string; host?: string; component?: string; data: Record<string, unknown> }

export class EventLog {
  readonly seen: SeenEvent[] = [];
  private socket: WebSocket | undefined;
  private closed = false;

  constructor(private readonly url: string, private readonly api: ApiClient) {}

  async open(): Promise<void> {
    const after = this.seen.at(-1)?.id ?? 0;
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/ws/events?after=${after}`, { headers: { cookie: this.api.cookie, origin: this.url } });
    this.socket = socket;
    socket.on('message', (text) => this.seen.push(JSON.parse(String(text)) as SeenEvent));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    // Only a socket that was open comes back by itself; one that never opened has told its caller.
    socket.on('close', () => void this.reopen());
  }

  private async reopen(): Promise<void> {
    for (let attempt = 0; attempt < 100 && !this.closed; attempt += 1) {
      await sleep(200);
      const opened = await this.open().then(() => true, () => false);
      if (opened) return;
    }
  }

  /** The state changes of one rollout as short words: `db-01/db running`. */
  story(rolloutId: string): string[] {
    return this.seen.filter((event) => event.rollout_id === rolloutId && (event.type === 'step.state' || event.type === 'rollout.state'))
      .map((event) => `${event.type === 'rollout.state' ? 'rollout' : `${event.host ?? ''}/${event.component ?? ''}`} ${String(event.data['state'])}`);
  }

  /** Waits until the story has this line: the socket may trail the REST answer by a moment. */
  async has(rolloutId: string, line: string): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if (this.story(rolloutId).includes(line)) return;
      await sleep(50);
    }
    throw new Error(`the events never said "${line}": ${this.story(rolloutId).join(', ')}`);
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
  }
}
