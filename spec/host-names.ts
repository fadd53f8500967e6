/** Names of hosts, and patterns that an enrollment is good for. */

export const hostName = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** At most three stars: matching stays cheap whatever the pattern. */
const hostPattern = /^(?=[a-z0-9._*-]{1,63}$)(?:[^*]*\*){0,3}[^*]*$/;

export const isHostPattern = (pattern: string): boolean => hostPattern.test(pattern) && /^[a-z0-9*]/.test(pattern);

/** `*` stands for any characters, also none; everything else for itself. False for what is no name of a host. */
export function matchesHost(pattern: string, name: string): boolean {
  if (!isHostPattern(pattern) || !hostName.test(name)) return false;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  // Each part at its first place: what is behind it is then as long as it can be.
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}
