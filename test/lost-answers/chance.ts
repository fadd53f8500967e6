/** Which answers are lost: one in so many of each kind, by a seed, and a count of those that were. */
import { Random } from '../fuzz/random.js';

export interface Count { seen: number; lost: number }

export class Chance {
  /** Nothing is lost before the world stands. */
  armed = false;
  private readonly kinds = new Map<string, { random: Random; count: Count }>();

  constructor(private readonly seed: number, readonly rate: number) {}

  /** Whether the answer to this request of a kind is lost. The n-th of a kind has the same fate in every run with the seed. */
  loses(kind: string, rate = this.rate): boolean {
    if (!this.armed) return false;
    const { random, count } = this.ofKind(kind);
    count.seen += 1;
    return random.next() < rate;
  }

  /** It had its effect, and nobody heard of it. */
  lost(kind: string): void {
    this.ofKind(kind).count.lost += 1;
  }

  /** For what is to be chosen beside: how it is lost. */
  pick<T>(kind: string, items: readonly T[]): T {
    return this.ofKind(kind).random.pick(items);
  }

  get counts(): Record<string, Count> {
    return Object.fromEntries([...this.kinds].map(([kind, { count }]) => [kind, { ...count }]).sort());
  }

  private ofKind(kind: string): { random: Random; count: Count } {
    const known = this.kinds.get(kind) ?? { random: new Random(this.seed, numberOf(kind)), count: { seen: 0, lost: 0 } };
    this.kinds.set(kind, known);
    return known;
  }
}

/** FNV-1a. */
const numberOf = (text: string): number => [...text].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5);

export const totalOf = (counts: Readonly<Record<string, Count>>): Count =>
  Object.values(counts).reduce((sum, { seen, lost }) => ({ seen: sum.seen + seen, lost: sum.lost + lost }), { seen: 0, lost: 0 });
