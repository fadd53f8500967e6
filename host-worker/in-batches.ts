/** Runs `work` for every item, at most `atOnce` at a time; the first error ends it after those under way. */
export async function inBatches<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failed = false;
  const runner = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, runner));
  for (const runnerEnd of ended) {
    if (runnerEnd.status === 'rejected') throw runnerEnd.reason;
  }
  return results;
}
