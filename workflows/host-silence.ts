/** What becomes of a host's steps while it does not answer: said soon, and given up when the document says so. */
import { standardOfflineDeadlineMs, type RolloutGraph } from '../spec/graph-types.js';

/** How long a host may take to answer before its steps say that they wait for it. */
const silentAfterMs = 5_000;
/** After this a host counts as offline for bindings that do not wait. */
const offlineAfterMs = 30_000;

export interface Silence { afterMs: number; then: 'say' | 'skip' | 'fail'; /** Indexes in `deployment[]`. */ bindings: ReadonlySet<number> }

/** In order of time; the last one gives up on what is left. */
export function silenceOf(graph: RolloutGraph, host: string): Silence[] {
  const rules = new Map((graph.bindings ?? []).map((binding) => [binding.binding, binding]));
  const bindings = [...new Set(graph.steps.filter((step) => step.host === host).map(({ binding }) => binding))];
  const ends = bindings.map((binding): Silence => {
    const { offline = 'wait', offline_deadline_ms: deadlineMs = standardOfflineDeadlineMs } = rules.get(binding) ?? {};
    return offline === 'wait' ? { afterMs: Math.max(deadlineMs, silentAfterMs), then: 'fail', bindings: new Set([binding]) } : { afterMs: offlineAfterMs, then: offline, bindings: new Set([binding]) };
  });
  return [{ afterMs: silentAfterMs, then: 'say', bindings: new Set(bindings) }, ...merged(ends)];
}

/** One entry for all that happens to the same end at the same time. */
function merged(ends: readonly Silence[]): Silence[] {
  const found = new Map<string, { afterMs: number; then: Silence['then']; bindings: Set<number> }>();
  for (const { afterMs, then, bindings } of ends) {
    const known = found.get(`${afterMs} ${then}`) ?? { afterMs, then, bindings: new Set<number>() };
    for (const binding of bindings) known.bindings.add(binding);
    found.set(`${afterMs} ${then}`, known);
  }
  return [...found.values()].sort((a, b) => a.afterMs - b.afterMs);
}

/** When whoever asks the host stops asking. */
export const longestSilenceMs = (silences: readonly Silence[]): number => Math.max(...silences.map(({ afterMs }) => afterMs));

export function inWords(ms: number): string {
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${Math.round(ms / 100) / 10} s`;
}
