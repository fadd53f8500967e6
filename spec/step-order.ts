/**
 * An order of steps that keeps every "waits for", while more of them are added one by one; one that would close a
 * circle is refused. After Pearce and Kelly (2007): only the stretch between the two steps is looked at, and an edge
 * that fits the order already costs nothing.
 */
export class StepOrder {
  private readonly rank = new Map<string, number>();
  private readonly before = new Map<string, Set<string>>();
  private readonly after = new Map<string, Set<string>>();

  constructor(ids: readonly string[], waitsFor: (id: string) => readonly string[]) {
    for (const id of ids) {
      this.before.set(id, new Set());
      this.after.set(id, new Set());
    }
    for (const id of ids) for (const other of waitsFor(id)) this.link(other, id);
    for (const id of this.initialOrder(ids)) this.rank.set(id, this.rank.size);
  }

  /** `id` waits for `other` from now on. False, and nothing changes, when `other` waits for `id` already. */
  add(other: string, id: string): boolean {
    if (other === id || !this.rank.has(other) || !this.rank.has(id)) return false;
    const [low, high] = [this.rankOf(id), this.rankOf(other)];
    if (high > low) {
      const later = this.reach(id, this.after, (rank) => rank <= high);
      if (later.includes(other)) return false;
      this.reorder(this.reach(other, this.before, (rank) => rank >= low), later);
    }
    this.link(other, id);
    return true;
  }

  private link(other: string, id: string): void {
    this.before.get(id)?.add(other);
    this.after.get(other)?.add(id);
  }

  private rankOf(id: string): number {
    return this.rank.get(id) ?? 0;
  }

  /** What waits for nothing first; steps in or behind a circle have no place, and no edge is added to them. */
  private initialOrder(ids: readonly string[]): string[] {
    const open = new Map(ids.map((id) => [id, this.before.get(id)?.size ?? 0]));
    const ordered = ids.filter((id) => open.get(id) === 0);
    for (const id of ordered) {
      for (const next of this.after.get(id) ?? []) {
        const left = (open.get(next) ?? 0) - 1;
        open.set(next, left);
        if (left === 0) ordered.push(next);
      }
    }
    return ordered;
  }

  private reach(start: string, links: ReadonlyMap<string, ReadonlySet<string>>, within: (rank: number) => boolean): string[] {
    const found = new Set([start]);
    for (const id of found) for (const next of links.get(id) ?? []) if (this.rank.has(next) && within(this.rankOf(next))) found.add(next);
    return [...found];
  }

  /** The same places, dealt out again: first what comes before, then what comes after. */
  private reorder(earlier: readonly string[], later: readonly string[]): void {
    const byRank = (a: string, b: string): number => this.rankOf(a) - this.rankOf(b);
    const moved = [...[...earlier].sort(byRank), ...[...later].sort(byRank)];
    const places = moved.map((id) => this.rankOf(id)).sort((a, b) => a - b);
    moved.forEach((id, index) => this.rank.set(id, places[index] ?? 0));
  }
}
