/** The first cycle found, as the ids in order with the first repeated at the end; null when there is none. */
export function findCycle(nodes: readonly string[], waitsFor: (id: string) => readonly string[]): string[] | null {
  const done = new Set<string>();
  for (const start of nodes) {
    const cycle = cycleFrom(start, waitsFor, done);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** Depth first with an own stack, so that a long chain in a document cannot overflow ours. */
function cycleFrom(start: string, waitsFor: (id: string) => readonly string[], done: Set<string>): string[] | null {
  const path: string[] = [];
  const onPath = new Set<string>();
  const stack: { id: string; leave: boolean }[] = [{ id: start, leave: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.leave) {
      path.pop();
      onPath.delete(top.id);
      done.add(top.id);
    } else if (onPath.has(top.id)) {
      return [...path.slice(path.indexOf(top.id)), top.id];
    } else if (!done.has(top.id)) {
      path.push(top.id);
      onPath.add(top.id);
      stack.push({ id: top.id, leave: true });
      for (const id of waitsFor(top.id)) if (!done.has(id)) stack.push({ id, leave: false });
    }
  }
  return null;
}

/** Stable topological order: among what is ready, the given order decides. Nodes of a cycle come last, as given. */
export function topologicalOrder(nodes: readonly string[], waitsFor: (id: string) => readonly string[]): string[] {
  const left = new Map([...new Set(nodes)].map((id) => [id, waitsFor(id)]));
  const ordered: string[] = [];
  while (left.size > 0) {
    const next = firstReady(left);
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}

function firstReady(left: ReadonlyMap<string, readonly string[]>): string {
  for (const [id, others] of left) if (others.every((other) => !left.has(other) || other === id)) return id;
  const [first = ''] = left.keys();
  return first;
}
