/** A line to a database on which some commits are carried out and never answered: the connection is cut instead. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Chance } from './chance.js';
import { kindOf, Messages, Statements, type Message } from './postgres-messages.js';

export interface Proxy { readonly port: number; stop(): Promise<void> }

export async function proxyDatabase(targetPort: number, chance: Chance): Promise<Proxy> {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.setNoDelay(true);
      end.on('error', () => undefined).on('close', () => { ends.delete(end); near.destroy(); far.destroy(); });
    }
    new Conversation(near, far, chance);
  });
  return listening(server, '127.0.0.1', () => { for (const end of ends) end.destroy(); });
}

export async function listening(server: Server, host: string, cut: () => void): Promise<Proxy> {
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

class Conversation {
  private readonly asked = new Messages(true);
  private readonly answered = new Messages(false);
  private readonly statements = new Statements();
  private inTransaction = false;
  /** What the answer that is being waited for is of, when it is to be lost. */
  private losing: string | null = null;
  private held: Buffer[] = [];

  constructor(private readonly near: Socket, private readonly far: Socket, private readonly chance: Chance) {
    near.on('data', (chunk) => { for (const message of this.asked.take(chunk)) this.ask(message); });
    far.on('data', (chunk) => { for (const message of this.answered.take(chunk)) this.answer(message); });
  }

  private ask(message: Message): void {
    const statement = this.statements.ran(message);
    const kind = statement === null ? null : kindOf(statement, this.inTransaction);
    if (kind !== null && this.chance.loses(kind)) this.losing = kind;
    this.far.write(message.bytes);
  }

  private answer({ type, bytes }: Message): void {
    if (this.losing === null) this.near.write(bytes);
    else this.held.push(bytes);
    // Whatever the database refuses has no effect, and is told.
    if (type === 'E') this.release();
    if (type !== 'Z') return;
    this.inTransaction = bytes[5] !== 'I'.charCodeAt(0);
    if (this.losing === null) return;
    this.chance.lost(this.losing);
    this.near.destroy();
  }

  private release(): void {
    for (const bytes of this.held.splice(0)) this.near.write(bytes);
    this.losing = null;
  }
}
