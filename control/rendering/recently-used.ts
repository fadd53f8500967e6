/** Answers that are kept by how lately they were asked for, within a number of bytes. One that failed is not kept. */
export interface KeepLimits { bytes: number; entries: number }

interface Kept<T> { made: Promise<T>; bytes: number }

export class RecentlyUsed<T> {
  /** Oldest use first. */
  private readonly kept = new Map<string, Kept<T>>();
  private bytes = 0;

  /** `sizeOf`: what an answer holds on to; it is known when it is there, and counts from then on. */
  constructor(private readonly limits: KeepLimits, private readonly sizeOf: (value: T) => number) {}

  get(key: string): Promise<T> | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.made;
  }

  /** In place of what was kept under the key. */
  keep(key: string, made: Promise<T>): Promise<T> {
    this.forget(key);
    const entry: Kept<T> = { made, bytes: 0 };
    this.kept.set(key, entry);
    made.then((value) => {
      if (this.kept.get(key) !== entry) return;
      entry.bytes = this.sizeOf(value);
      this.bytes += entry.bytes;
      this.shrink();
    }, () => { if (this.kept.get(key) === entry) this.forget(key); });
    this.shrink();
    return made;
  }

  forget(key: string): void {
    this.bytes -= this.kept.get(key)?.bytes ?? 0;
    this.kept.delete(key);
  }

  get size(): number {
    return this.kept.size;
  }

  /** The last one stays however large it is: whoever asks for it piece by piece would have it made each time. */
  private shrink(): void {
    for (const key of [...this.kept.keys()].slice(0, -1)) {
      if (this.bytes <= this.limits.bytes && this.kept.size <= this.limits.entries) return;
      this.forget(key);
    }
  }
}
