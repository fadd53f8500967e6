/**
 * Sends a placement's lines to whoever asked the control plane for them: without the values of its secrets, without
 * control bytes, in bounded batches, and no longer than somebody listens.
 */
import type { LogsResult, LogsWork } from '../../workflows/shared-logs.js';
import { MaestroError } from '../../spec/errors.js';
import type { HostDeps } from '../activate/host-deps.js';
import type { ActivityScope } from '../activity-scope.js';
import type { LogPlane } from '../control-plane/watch-client.js';
import { type Redact, redactor, withoutTerminalCodes } from '../control-plane/redact.js';
import type { LogLine } from './lines.js';
import { linesOf } from './sources.js';

export interface TailDeps extends Pick<HostDeps, 'docker' | 'journal' | 'control' | 'node'> { logs: LogPlane }

/** Of what there is, the last of it. */
const tailBytesMax = 1 << 20;
/** Of what comes, until whoever listens asks again. */
const followBytesMax = 6 << 20;
const lineMax = 16 << 10;
const batchBytes = 100 << 10;
const batchLines = 500;
const batchEveryMs = 250;
/** A component that prints faster than this is not followed line by line by anybody. */
const waitingBytesMax = 1 << 20;

export async function tailLogs(deps: TailDeps, work: LogsWork, scope: ActivityScope): Promise<LogsResult> {
  const redact = await redactorFor(deps, work, scope.signal);
  const stop = new AbortController();
  const signal = AbortSignal.any([scope.signal, stop.signal, ...(work.follow_ms > 0 ? [AbortSignal.timeout(work.follow_ms)] : [])]);
  const sender = new Sender(deps.logs, work.run_id, work.follow_ms > 0, () => stop.abort());
  const lines = await linesOf(deps, work, { tail: work.tail, follow: work.follow_ms > 0, signal });
  try {
    for await (const line of lines) sender.add(cleaned(line, redact));
  } catch (error) {
    // A stream that is stopped says so in one way or another.
    if (!signal.aborted) throw error;
  }
  await sender.finish(scope.signal.aborted);
  return { lines: sender.sent, ended: sender.ended ?? (work.follow_ms > 0 && signal.aborted ? 'time' : 'done') };
}

/** Without knowing what is secret, nothing is told. */
async function redactorFor({ control, node }: TailDeps, { run_id, component, deploy_id }: LogsWork, signal: AbortSignal): Promise<Redact> {
  const [desired] = await control.desired({ run_id, component, content: true }, signal);
  if (desired?.component === component && desired.deploy_id === deploy_id) return redactor(desired.redact ?? []);
  throw new MaestroError('not_found', `the control plane has nothing for ${component} on ${node}`, { fix: 'Ask again.' });
}

export function cleaned({ stream, ts, text }: LogLine, redact: Redact): LogLine {
  // Control bytes first: one in the middle of a secret would hide it.
  const told = redact(withoutTerminalCodes(text.replaceAll('\n', '')));
  return { stream, ts, text: told.length > lineMax ? `${told.slice(0, lineMax)}… [line truncated]` : told };
}

const sizeOf = ({ text }: LogLine): number => Buffer.byteLength(JSON.stringify(text)) + 80;

/** Batches in order, one at a time. */
class Sender {
  sent = 0;
  ended: LogsResult['ended'] | null = null;
  private waiting: LogLine[] = [];
  private waitingBytes = 0;
  private total = 0;
  private left = 0;
  private position = 0;
  private sending: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly plane: LogPlane, private readonly request: string, private readonly live: boolean, private readonly stop: () => void) {}

  add(line: LogLine): void {
    if (this.ended !== null) return;
    this.waiting.push(line);
    this.waitingBytes += sizeOf(line);
    this.trim(this.live ? waitingBytesMax : tailBytesMax);
    // What there is is only known to be the last of it when all of it has been seen.
    if (this.live) this.timer ??= setTimeout(() => this.flush(), batchEveryMs);
  }

  /** `now`: nobody waits for what is left. */
  async finish(now: boolean): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    if (!now) this.flush();
    await this.sending;
  }

  private trim(max: number): void {
    let drop = 0;
    while (this.waitingBytes > max && drop < this.waiting.length - 1) this.waitingBytes -= sizeOf(this.waiting[drop++] ?? { stream: 'info', ts: null, text: '' });
    if (drop === 0) return;
    this.waiting.splice(0, drop);
    this.left += drop;
  }

  private flush(): void {
    this.timer = null;
    const lines = this.waiting;
    const dropped: LogLine[] = this.left === 0 ? [] : [{ stream: 'info', ts: null, text: `[${String(this.left)} lines left out]` }];
    [this.waiting, this.waitingBytes, this.left] = [[], 0, 0];
    this.sending = this.sending.then(() => this.send([...dropped, ...lines]));
  }

  private async send(lines: LogLine[]): Promise<void> {
    for (const batch of batches(lines)) {
      if (this.ended !== null) return;
      this.position += 1;
      const taken = await this.plane.logs({ request: this.request, position: this.position, lines: batch });
      this.sent += batch.length;
      this.total += batch.reduce((sum, line) => sum + sizeOf(line), 0);
      if (!taken) this.end('left');
      else if (this.live && this.total > followBytesMax) this.end('limit');
    }
  }

  private end(why: LogsResult['ended']): void {
    this.ended = why;
    this.stop();
  }
}

function batches(lines: readonly LogLine[]): LogLine[][] {
  const all: LogLine[][] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = sizeOf(line);
    if (all.length === 0 || bytes + size > batchBytes || (all.at(-1)?.length ?? 0) >= batchLines) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(line);
    bytes += size;
  }
  return all;
}
