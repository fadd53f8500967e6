/** Names of hosts, and patterns that an enrollment is good for. */

export const hostName = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** At most three stars: matching stays cheap whatever the pattern. */
const hostPattern = /^(?=[a-z0-9._*-]{1,63}$)(?:[^*]*\*){0,3}[^*]*$/;

export const isHostPattern = (pattern: string): boolean => hostPattern.test(pattern) && /^[a-z0-9*]/.test(pattern);

/** `*` stands for any characters, also none; everything else for itself. False for what is no name of a host. */
export function matchesHost(pattern: string, name: string): boolean {
  if (!isHostPattern(pattern) || !hostName.test(name)) return false;
  const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
