/** "Did you mean": the known word nearest to what was written, or nothing when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const furthest = Math.max(1, Math.floor(word.length / 3));
  const ranked = known
    .filter((candidate) => Math.abs(candidate.length - word.length) <= furthest)
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = ranked[0];
  return best !== undefined && best.distance <= furthest ? best.candidate : undefined;
}

/** Looked up once: it is asked for tens of millions of times. */
const { min } = Math;
const longest = 64;
const rows = [new Uint8Array(longest + 1), new Uint8Array(longest + 1)] as const;

/** Levenshtein distance over words cut to 64 characters, so that hostile input costs nothing. */
function editDistance(a: string, b: string): number {
  const [left, right] = [a.slice(0, longest), b.slice(0, longest)];
  let [previous, current] = [rows[0], rows[1]];
  for (let column = 0; column <= right.length; column += 1) previous[column] = column;
  for (let row = 1; row <= left.length; row += 1) {
    current[0] = row;
    for (let column = 1; column <= right.length; column += 1) {
      const substitute = (previous[column - 1] ?? 0) + (left.charCodeAt(row - 1) === right.charCodeAt(column - 1) ? 0 : 1);
      current[column] = min(substitute, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
    }
    [previous, current] = [current, previous];
  }
  return previous[right.length] ?? 0;
}
