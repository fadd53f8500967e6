/** One connection that LISTENs, and comes back by itself whenever it is lost. */
import pg from 'pg';
import { eventChannel } from './append.js';

export interface ListenerOptions {
  databaseUrl: string;
  /** Default: the one for events. */
  channel?: string;
  /** Something may have happened: after every notification, every (re)connection and every check. */
  onWake: () => void;
  onError: (error: unknown) => void;
  /** A silent connection is asked whether it still lives, this often. */
  checkMs: number;
}

const firstDelayMs = 100;
const longestDelayMs = 5000;

export class Listener {
  private client: pg.Client | null = null;
  private retry: NodeJS.Timeout | null = null;
  private check: NodeJS.Timeout | null = null;
  private delayMs = firstDelayMs;
  private closed = false;

  constructor(private readonly options: ListenerOptions) {}

  get connected(): boolean {
    return this.client !== null;
  }

  /** Connects once; throws when that fails. Later losses are repaired in the background, for ever, with a growing pause. */
  async connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.options.databaseUrl, keepAlive: true, connectionTimeoutMillis: 5000, query_timeout: 5000, application_name: 'maestro-events' });
    client.on('error', (error) => this.lose(client, error));
    client.on('end', () => this.lose(client, new Error('the connection for events was closed')));
    client.on('notification', () => this.options.onWake());
    try {
      await client.connect();
      await client.query(`LISTEN ${this.options.channel ?? eventChannel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    if (this.closed) return void (await client.end());
    this.client = client;
    this.delayMs = firstDelayMs;
    this.check = setInterval(() => void this.checkNow(client), this.options.checkMs);
    this.options.onWake();
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = this.client;
    this.forget();
    if (this.retry) clearTimeout(this.retry);
    await client?.end().catch(() => undefined);
  }

  private async checkNow(client: pg.Client): Promise<void> {
    try {
      await client.query('SELECT 1');
      this.options.onWake();
    } catch (error) {
      this.lose(client, error);
    }
  }

  private forget(): void {
    if (this.check) clearInterval(this.check);
    this.check = null;
    this.client = null;
  }

  private lose(client: pg.Client, error: unknown): void {
    if (this.closed || this.client !== client) return;
    this.forget();
    this.options.onError(error);
    void client.end().catch(() => undefined);
    this.reconnectLater();
  }

  private reconnectLater(): void {
    this.retry = setTimeout(() => {
      this.connect().catch((error: unknown) => {
        this.options.onError(error);
        if (!this.closed) this.reconnectLater();
      });
    }, this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, longestDelayMs);
  }
}
