/** Repeated measurements in milliseconds, and what is told of them. */
export interface Summary { n: number; min_ms: number; median_ms: number; max_ms: number }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const middle = sorted.length % 2 === 0 ? sorted.slice(upper - 1, upper + 1) : sorted.slice(upper, upper + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

export function summary(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error('nothing was measured');
  return { n: values.length, min_ms: rounded(Math.min(...values)), median_ms: rounded(median(values)), max_ms: rounded(Math.max(...values)) };
}

/** `before` and `after` (preparation, and the proof that the work was done) are not measured. */
export interface Measured { n: number; before?: (run: number) => Promise<void>; work: (run: number) => Promise<number>; after?: (run: number) => Promise<void> }

/** `work` answers how long it took, so that it may measure from its own first to its own last moment. */
export async function measure({ n, before, work, after }: Measured): Promise<Summary> {
  const values: number[] = [];
  for (let run = 0; run < n; run += 1) {
    await before?.(run);
    values.push(await work(run));
    await after?.(run);
  }
  return summary(values);
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
