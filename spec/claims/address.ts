/** Addresses that a port is published on, each in one spelling, so that equal ones compare equal. */

/**
 * Every address of the host, however it is written: nothing, `0.0.0.0` and `::` all mean it. A socket on `::` takes
 * IPv4 as well unless it says otherwise, so the three are not told apart.
 */
export const everyAddress = '';

export function canonicalAddress(ip: string): string {
  const address = ip.includes(':') ? canonicalV6(ip) : ip.split('.').map(Number).join('.');
  return ip === '' || address === '0.0.0.0' || address === '0:0:0:0:0:0:0:0' ? everyAddress : address;
}

/** All eight groups without leading zeros; an IPv4 address in IPv6's clothes is the IPv4 address. What is none stays as it is. */
function canonicalV6(ip: string): string {
  const [head = '', tail, ...more] = ip.toLowerCase().split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  const missing = 8 - before.length - after.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return ip.toLowerCase();
  const all = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  const [high = 0, low = 0] = all.slice(6);
  if (!all.every((group) => group <= 0xffff)) return ip.toLowerCase(); // NaN is not
  const mapped = all.slice(0, 5).every((group) => group === 0) && all[5] === 0xffff;
  return mapped ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.') : all.map((group) => group.toString(16)).join(':');
}

const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));

export const addressesMeet = (a: string, b: string): boolean => a === b || a === everyAddress || b === everyAddress;
