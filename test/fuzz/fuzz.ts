/** All cases of one kind, shared out among threads. */
import type { BatchReport, Finding, Kind } from './batch.js';
import { FuzzThread } from './thread.js';

export interface Fuzz { kind: Kind; seed: number; count: number; threads: number; workerFile: string }
export interface FuzzReport extends BatchReport { kind: Kind; seed: number; count: number; seconds: number }

const batchSizes: Record<Kind, number> = { documents: 500, templates: 40 };
/** More are not looked for: the first say enough. */
const maxFindings = 20;

export async function fuzz({ kind, seed, count, threads, workerFile }: Fuzz): Promise<FuzzReport> {
  const started = performance.now();
  const report: FuzzReport = { kind, seed, count: 0, accepted: 0, stopped: 0, slowestMs: 0, findings: [], seconds: 0 };
  let next = 0;
  const lane = async (): Promise<void> => {
    let thread = new FuzzThread(workerFile);
    while (next < count && report.findings.length < maxFindings) {
      const [from, to] = [next, Math.min(count, next + batchSizes[kind])];
      next = to;
      const { report: batch, usable } = await thread.run({ kind, seed, from, to });
      add(report, batch, to - from);
      if (usable) continue;
      await thread.end();
      thread = new FuzzThread(workerFile);
    }
    await thread.end();
  };
  await Promise.all(Array.from({ length: threads }, lane));
  return { ...report, findings: firstOf(report.findings), seconds: Math.round((performance.now() - started) / 100) / 10 };
}

function add(report: FuzzReport, { accepted, stopped, slowestMs, findings }: BatchReport, count: number): void {
  report.count += count;
  report.accepted += accepted;
  report.stopped += stopped;
  report.slowestMs = Math.max(report.slowestMs, Math.round(slowestMs));
  report.findings.push(...findings);
}

const firstOf = (findings: readonly Finding[]): Finding[] => [...findings].sort((a, b) => a.index - b.index).slice(0, maxFindings);
