/** As much of PostgreSQL's protocol (version 3, without TLS) as tells where a message ends and what it asks for. */
export interface Message { /** Empty: the first of a connection, which has no type. */ type: string; bytes: Buffer }

/** Cuts a stream of bytes into messages. */
export class Messages {
  private rest: Buffer = Buffer.alloc(0);

  /** A client begins with a message that has no type. */
  constructor(private untyped: boolean) {}

  take(chunk: Buffer): Message[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const found: Message[] = [];
    for (let message = this.next(); message !== null; message = this.next()) found.push(message);
    return found;
  }

  private next(): Message | null {
    const head = this.untyped ? 0 : 1;
    if (this.rest.length < head + 4) return null;
    const end = head + this.rest.readUInt32BE(head);
    if (this.rest.length < end) return null;
    const message = { type: this.untyped ? '' : String.fromCharCode(this.rest[0] ?? 0), bytes: this.rest.subarray(0, end) };
    this.rest = this.rest.subarray(end);
    this.untyped = false;
    return message;
  }
}

const textAt = (bytes: Buffer, from: number): string => bytes.toString('utf8', from, bytes.indexOf(0, from));

/** What a client is about to run, statement by statement; prepared ones are remembered by their name. */
export class Statements {
  private readonly prepared = new Map<string, string>();
  private bound = '';

  /** The text of a statement that this message lets run, else null. */
  ran({ type, bytes }: Message): string | null {
    if (type === 'Q') return textAt(bytes, 5);
    if (type === 'P') {
      const name = textAt(bytes, 5);
      this.prepared.set(name, textAt(bytes, 5 + Buffer.byteLength(name) + 1));
    }
    if (type === 'B') {
      const portal = textAt(bytes, 5);
      this.bound = this.prepared.get(textAt(bytes, 5 + Buffer.byteLength(portal) + 1)) ?? '';
    }
    return type === 'E' ? this.bound : null;
  }
}

/** The kind of a statement that changes something for good when it is answered; null for all others. */
export function kindOf(statement: string, inTransaction: boolean): string | null {
  if (/^\s*commit\b/i.test(statement)) return 'commit';
  const verb = /^\s*(insert|update|delete)\b/i.exec(statement)?.[1] ?? (/^\s*with\b[\s\S]*\binsert into\b/i.test(statement) ? 'insert' : null);
  return inTransaction || verb === null ? null : verb.toLowerCase();
}
