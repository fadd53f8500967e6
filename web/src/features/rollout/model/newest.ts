/**
 * A sorted list that keeps the newest of what was ever put in. What it holds depends on what has come, not on the
 * order in which it came: what was let go has newer ones above it that are never taken out.
 */
export interface Numbered { readonly id: number }

/** Puts `item` where it belongs by id, and lets the oldest go when there are more than `most`. False: nothing changed. */
export function keepNewest<T extends Numbered>(kept: T[], item: T, most: number): boolean {
  let at = kept.length;
  while (at > 0 && (kept[at - 1]?.id ?? 0) > item.id) at -= 1;
  if (kept[at - 1]?.id === item.id || (at === 0 && kept.length === most)) return false;
  kept.splice(at, 0, item);
  if (kept.length > most) kept.shift();
  return true;
}
