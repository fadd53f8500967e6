/** A thread of the fuzz seen from outside: what never ends in it, or ends it, is a finding as well. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { textOf, type BatchReport, type Cases, type Finding } from './batch.js';

/** No case is under way for so long, even on a busy machine: a batch of templates beats for each of its answers. */
const hangMs = 60_000;
const watchMs = 500;

export class FuzzThread {
  private readonly progress = new Int32Array(new SharedArrayBuffer(8));
  private readonly worker: Worker;

  constructor(file: string) {
    this.worker = new Worker(file, { workerData: { progress: this.progress }, resourceLimits: { maxOldGenerationSizeMb: 1024 } });
    this.worker.on('error', () => undefined);
  }

  /** `usable`: the thread can take more cases. */
  async run(cases: Cases): Promise<{ report: BatchReport; usable: boolean }> {
    const hung = new AbortController();
    const stopWatching = this.watch(() => hung.abort());
    try {
      const message = once(this.worker, 'message', { signal: hung.signal });
      this.worker.postMessage(cases);
      const [report] = await message as [BatchReport];
      return { report, usable: true };
    } catch (error) {
      const what = hung.signal.aborted ? `no answer after ${hangMs / 1000} s` : `the thread ended: ${String(error)}`;
      return { report: { accepted: 0, stopped: 0, slowestMs: 0, findings: [this.finding(cases, what)] }, usable: false };
    } finally {
      stopWatching();
    }
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private finding(cases: Cases, what: string): Finding {
    const index = Atomics.load(this.progress, 1);
    return { index, what, text: textOf(cases, index) };
  }

  private watch(onHang: () => void): () => void {
    let last = { beats: -1, since: Date.now() };
    const timer = setInterval(() => {
      const beats = Atomics.load(this.progress, 0);
      if (beats !== last.beats) last = { beats, since: Date.now() };
      else if (Date.now() - last.since > hangMs) onHang();
    }, watchMs);
    return () => clearInterval(timer);
  }
}
