/** Which ids have come, in a bit each: told apart by blocks of 32, so that a rollout of 50,000 events keeps some kilobytes. */
export type SeenIds = Map<number, number>;

const perBlock = 32;

/** True the first time. Ids are whole numbers from 0 on. */
export function markSeen(seen: SeenIds, id: number): boolean {
  const block = Math.floor(id / perBlock);
  const bit = 1 << (id % perBlock);
  const before = seen.get(block) ?? 0;
  if ((before & bit) !== 0) return false;
  seen.set(block, before | bit);
  return true;
}
