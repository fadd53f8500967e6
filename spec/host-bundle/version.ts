/** Versions of the host bundle: the `major.minor.patch` of the package, with a pre-release where there is one. */
const pattern = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

export const isVersion = (text: string): boolean => text.length <= 64 && pattern.test(text);

const isNumber = (word: string): boolean => /^\d+$/.test(word);

/** As semver orders them: numbers by value and before words. */
function compareWords(one: string, other: string): number {
  if (isNumber(one) && isNumber(other)) return Math.sign(Number(one) - Number(other));
  if (isNumber(one) !== isNumber(other)) return isNumber(one) ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}

function comparePreReleases(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return Math.sign(other.length - one.length);
  for (const [index, word] of one.entries()) {
    const theirs = other[index];
    const order = theirs === undefined ? 1 : compareWords(word, theirs);
    if (order !== 0) return order;
  }
  return one.length < other.length ? -1 : 0;
}

/** Negative: `one` is older. Both have to be versions. */
export function compareVersions(one: string, other: string): number {
  const [ours, theirs] = [pattern.exec(one), pattern.exec(other)];
  if (ours === null || theirs === null) throw new Error(`not versions: ${one}, ${other}`);
  for (const part of [1, 2, 3]) {
    const order = Math.sign(Number(ours[part]) - Number(theirs[part]));
    if (order !== 0) return order;
  }
  const words = (found: RegExpExecArray): string[] => found[4]?.split('.') ?? [];
  return comparePreReleases(words(ours), words(theirs));
}
