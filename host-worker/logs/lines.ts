/** From the bytes that Docker and journald write to lines of text, in bounded memory whatever a component prints. Pure. */
import { z } from 'zod';

export interface LogLine { stream: 'stdout' | 'stderr' | 'info'; /** ISO time; null: not known. */ ts: string | null; text: string }

/** Longer than what is told of a line, so that what is cut off is cut behind the part that is looked at for secrets. */
export const rawLineMax = 64 << 10;
const frameHeader = 8;
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ?/;

/** Puts lines together that come in pieces; the rest of one that is too long is left out. */
class Assembler {
  private rest = '';
  private started = false;

  constructor(private readonly stream: LogLine['stream']) {}

  /** Docker stamps every piece of a long line anew. */
  take(text: string): LogLine[] {
    const pieces = (this.started ? text.replace(stamp, '') : text).split('\n');
    const last = pieces.pop() ?? '';
    const whole = pieces.map((piece) => this.line(piece));
    this.add(last);
    this.started = this.rest !== '';
    return whole;
  }

  end(): LogLine[] {
    return this.rest === '' ? [] : [this.line('')];
  }

  private add(text: string): void {
    if (this.rest.length < rawLineMax) this.rest += text.slice(0, rawLineMax - this.rest.length);
  }

  private line(text: string): LogLine {
    this.add(text);
    const whole = this.rest;
    this.rest = '';
    const ts = stamp.exec(whole)?.[1];
    return { stream: this.stream, ts: ts === undefined ? null : shortStamp(ts), text: whole.replace(stamp, '') };
  }
}

/** Nanoseconds are more than a date holds. */
const shortStamp = (ts: string): string | null => (Number.isNaN(Date.parse(ts)) ? null : new Date(ts).toISOString());

/** Frames of [stream, 0, 0, 0, length] and bytes; with a terminal there are none, and one stream. */
export async function* dockerLines(chunks: AsyncIterable<Uint8Array>, tty: boolean): AsyncGenerator<LogLine> {
  const [out, error] = [new Assembler('stdout'), new Assembler('stderr')];
  const decoders = { out: new TextDecoder(), error: new TextDecoder() };
  let head = Buffer.alloc(0);
  let left = 0;
  let isError = false;
  for await (const chunk of chunks) {
    let bytes = Buffer.from(chunk);
    if (tty) {
      yield* out.take(decoders.out.decode(bytes, { stream: true }).replaceAll('\r\n', '\n'));
      continue;
    }
    while (bytes.length > 0) {
      if (left === 0) {
        const missing = frameHeader - head.length;
        head = Buffer.concat([head, bytes.subarray(0, missing)]);
        bytes = bytes.subarray(missing);
        if (head.length < frameHeader) break;
        [isError, left] = [head[0] === 2, head.readUInt32BE(4)];
        head = Buffer.alloc(0);
        continue;
      }
      const part = bytes.subarray(0, left);
      left -= part.length;
      bytes = bytes.subarray(part.length);
      yield* isError ? error.take(decoders.error.decode(part, { stream: true })) : out.take(decoders.out.decode(part, { stream: true }));
    }
  }
  yield* [...out.end(), ...error.end()];
}

const entry = z.object({ MESSAGE: z.union([z.string(), z.array(z.number().int().min(0).max(255))]).nullish(), __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,17}$/).optional(), PRIORITY: z.string().optional() });

/** One line of `journalctl --output=json`; null for what is none. Bytes that are no text come as numbers. */
export function journalLine(json: string): LogLine | null {
  const parsed = entry.safeParse(parsedJson(json));
  if (!parsed.success) return null;
  const { MESSAGE: message, __REALTIME_TIMESTAMP: at, PRIORITY: priority } = parsed.data;
  const text = message == null ? '[a line that journald does not hold]' : typeof message === 'string' ? message : Buffer.from(message).toString('utf8');
  return { stream: Number(priority ?? '6') <= 3 ? 'stderr' : 'stdout', ts: at === undefined ? null : new Date(Number(at) / 1000).toISOString(), text };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
