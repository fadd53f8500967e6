/** Answers that were made on one version, put on another one: what somebody answered wins, the rest is as it is there. */
import type { Answers, EnvEntry } from './answers.js';

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export function rebased(from: Answers, mine: Answers, theirs: Answers): Answers {
  const changed = Object.fromEntries(Object.entries(mine).filter(([key, value]) => !isSame(value, from[key as keyof Answers])));
  return { ...theirs, ...changed, env: rebasedEnv(from.env, mine.env, theirs.env) };
}

/** Variable by variable. */
function rebasedEnv(from: readonly EnvEntry[], mine: readonly EnvEntry[], theirs: readonly EnvEntry[]): EnvEntry[] {
  const named = (entries: readonly EnvEntry[], name: string) => entries.find((entry) => entry.name === name);
  const isMine = (name: string): boolean => !isSame(named(from, name), named(mine, name));
  const kept = theirs.flatMap((entry) => {
    const entered = isMine(entry.name) ? named(mine, entry.name) : entry;
    return entered === undefined ? [] : [entered];
  });
  return [...kept, ...mine.filter(({ name }) => isMine(name) && named(theirs, name) === undefined)];
}
