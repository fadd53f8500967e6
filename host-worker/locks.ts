/** One at a time in this process, by name (a placement, a network); others wait in order of arrival, or until they are cancelled. */
export class Locks {
  private readonly tails = new Map<string, Promise<void>>();

  /** Whether somebody is inside, or waits to be. */
  isHeld(key: string): boolean {
    return this.tails.has(key);
  }

  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    const tail = before.then(() => held);
    this.tails.set(key, tail);
    try {
      await orAborted(before, signal);
      return await work();
    } finally {
      release();
      // Not before its turn: one who gave up waiting must not open the way for the next.
      void tail.then(() => { if (this.tails.get(key) === tail) this.tails.delete(key); });
    }
  }
}

/** Waits for a promise, or throws the signal's reason. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
