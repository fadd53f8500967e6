/**
 * Sends output and phases to the control plane in batches. Telling is never a reason to fail: what cannot be
 * delivered is retried, then dropped and counted in the log.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Phase } from '../../spec/words.js';
import { messageOf } from '../trouble.js';
import type { ControlPlane, ReportEntry } from './client.js';
import type { OutputLine } from './output-cap.js';

/** Live enough for a person, and few enough for a control plane with many hosts. */
const batchDelayMs = 300;
/** A control plane that takes long to answer has much to do: at most a fifth of our time is spent on telling it things. */
const restFactor = 4;
const longestRestMs = 1_500;
const maxBatchBytes = 200 * 1024;
const maxEntryBytes = 32 * 1024;
const maxWaitingBytes = 8 * 1024 * 1024;
const tries = 4;
const firstRetryMs = 200;

interface Waiting { run: string; entry: ReportEntry; lines: OutputLine[] | null; bytes: number }
export interface PhaseReport { phase: Phase; state: 'started' | 'ended'; duration_ms?: number }

export class Reporter {
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private dropped = 0;
  private counter = 0;
  private sending: Promise<void> | null = null;
  private hurry = new AbortController();
  /** Keys are unique across restarts, so that a repeated delivery is recognised and other output is not taken for it. */
  private readonly process = randomBytes(6).toString('hex');

  constructor(private readonly control: Pick<ControlPlane, 'report'>, private readonly log: Pick<Logger, 'warn'>) {}

  output(run: string, component: string, line: OutputLine): void {
    const bytes = Buffer.byteLength(JSON.stringify(line.text)) + 40;
    const last = this.waiting.at(-1);
    if (last?.lines != null && last.run === run && last.entry.component === component && last.bytes + bytes <= maxEntryBytes) {
      last.lines.push(line);
      last.bytes += bytes;
      this.waitingBytes += bytes;
      return;
    }
    const lines = [line];
    this.add({ run, entry: { ...this.stamp(`${this.process}-${String(this.counter++)}`), component, type: 'step.output', data: { lines } }, lines, bytes: bytes + 150 });
  }

  /** `key` is the same when an activity is repeated, so that its phases show once. */
  phase(run: string, component: string, key: string, data: PhaseReport): void {
    this.add({ run, entry: { ...this.stamp(key), component, type: 'step.phase', data }, lines: null, bytes: 300 });
  }

  /** Waits until all that was added is delivered or given up, at most `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    this.hurry.abort();
    const timer = new AbortController();
    const deadline = sleep(timeoutMs, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
    while (this.sending !== null) {
      if ((await Promise.race([this.sending, deadline])) === 'late') break;
    }
    timer.abort();
  }

  private stamp(key: string): Pick<ReportEntry, 'key' | 'ts'> {
    return { key, ts: new Date().toISOString() };
  }

  private add(item: Waiting): void {
    if (this.waitingBytes + item.bytes > maxWaitingBytes) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(item);
    this.waitingBytes += item.bytes;
    this.sending ??= this.sendSoon();
  }

  private async sendSoon(): Promise<void> {
    await sleep(batchDelayMs, undefined, { signal: this.hurry.signal }).catch(() => undefined);
    while (this.waiting.length > 0) {
      const began = performance.now();
      await this.deliver(this.nextBatch());
      // What comes meanwhile is collected, unless it already fills a batch.
      const restMs = Math.min(Math.max(batchDelayMs, restFactor * (performance.now() - began)), longestRestMs);
      if (this.waiting.length > 0 && this.waitingBytes < maxBatchBytes && restMs > 0) await sleep(restMs, undefined, { signal: this.hurry.signal }).catch(() => undefined);
    }
    // Nothing was awaited since the last look, so nothing can have been added unseen.
    this.sending = null;
    this.hurry = new AbortController();
    if (this.dropped === 0) return;
    this.log.warn({ dropped: this.dropped }, 'reports that could not be delivered were dropped');
    this.dropped = 0;
  }

  /** The oldest entries of one run, in order, within the size that the control plane takes. */
  private nextBatch(): Waiting[] {
    const run = this.waiting[0]?.run;
    const batch: Waiting[] = [];
    const others: Waiting[] = [];
    let bytes = 0;
    let full = false;
    for (const item of this.waiting) {
      full ||= item.run === run && batch.length > 0 && bytes + item.bytes > maxBatchBytes;
      if (item.run !== run || full) {
        others.push(item);
        continue;
      }
      batch.push(item);
      bytes += item.bytes;
    }
    this.waiting = others;
    this.waitingBytes = others.reduce((sum, item) => sum + item.bytes, 0);
    return batch;
  }

  private async deliver(batch: Waiting[]): Promise<void> {
    const run = batch[0]?.run;
    if (run === undefined) return;
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      try {
        return await this.control.report(run, batch.map(({ entry }) => entry));
      } catch (error) {
        if (attempt === tries) this.log.warn({ run, error: messageOf(error) }, 'a report could not be delivered');
        else await sleep(firstRetryMs * 2 ** (attempt - 1));
      }
    }
    this.dropped += batch.length;
  }
}
