/** Visitors that ask a published port without a pause, as clients do: some on connections they keep for a while, some on new ones, some for slow answers. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Visits { answered: number; slow: number; failed: string[]; versions: Set<string>; /** In the order in which they were first seen. */ order: string[] }

const timeoutMs = 20_000;
const pauseMs = 4;
/** Clients close kept connections in the end; then nobody cuts one under them. */
const requestsOnConnection = 25;
const slowMs = 1_500;
const slowEveryMs = 250;

export class Load {
  readonly visits: Visits = { answered: 0, slow: 0, failed: [], versions: new Set(), order: [] };
  private going = true;
  private readonly visitors: Promise<void>[];

  constructor(private readonly host: string, private readonly port: number, perKind = 3) {
    const each = Array.from({ length: perKind }, (_, index) => index);
    this.visitors = [...each.map(() => this.keepsConnection()), ...each.map(() => this.newConnections()), this.slowAnswers()];
  }

  /** Until so many more requests were answered. */
  async answered(more: number): Promise<void> {
    const target = this.visits.answered + more;
    while (this.visits.answered < target && this.visits.failed.length === 0) await sleep(20);
  }

  /** Lets what is under way end. */
  async stop(): Promise<Visits> {
    this.going = false;
    await Promise.all(this.visitors);
    return this.visits;
  }

  private async keepsConnection(): Promise<void> {
    while (this.going) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let asked = 0; asked < requestsOnConnection && this.going; asked += 1) await this.visit('/', agent);
      agent.destroy();
    }
  }

  private async newConnections(): Promise<void> {
    while (this.going) await this.visit('/', false);
  }

  private async slowAnswers(): Promise<void> {
    const open = new Set<Promise<void>>();
    while (this.going) {
      const one = this.visit(`/slow?ms=${String(slowMs)}`, false).then(() => {
        this.visits.slow += 1;
        open.delete(one);
      });
      open.add(one);
      await sleep(slowEveryMs);
    }
    await Promise.all(open);
  }

  private async visit(path: string, agent: Agent | false): Promise<void> {
    try {
      const body = await get(this.host, this.port, path, agent);
      const version = /version=(\S+)/.exec(body)?.[1] ?? 'none';
      if (!this.visits.versions.has(version)) this.visits.order.push(version);
      this.visits.versions.add(version);
      this.visits.answered += 1;
    } catch (error) {
      this.visits.failed.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleep(pauseMs);
  }
}

function get(host: string, port: number, path: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, agent, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(Buffer.concat(chunks).toString('utf8')) : reject(new Error(`http ${String(response.statusCode)}`))));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}
