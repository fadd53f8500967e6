/** Claims that meet often: few names, few ports, few addresses, short paths. */
import fc from 'fast-check';
import { canonicalAddress } from '../../spec/claims/address.js';
import type { Claim, NameClaim, PathClaim, PortClaim } from '../../spec/claims/claim.js';

const names: fc.Arbitrary<NameClaim> = fc.record({ kind: fc.constantFrom('container' as const, 'unit' as const, 'volume' as const), name: fc.constantFrom('web', 'db') });

export const ports: fc.Arbitrary<PortClaim> = fc.record({
  protocol: fc.constantFrom('tcp' as const, 'udp' as const), ip: fc.constantFrom('', '0.0.0.0', '::', '127.0.0.1', '10.0.0.1', '::1', '0:0::1'),
  from: fc.integer({ min: 1, max: 12 }), length: fc.integer({ min: 0, max: 4 }),
}).map(({ protocol, ip, from, length }) => ({ kind: 'port', protocol, address: canonicalAddress(ip), from, to: from + length }));

export const paths: fc.Arbitrary<PathClaim> = fc.record({
  kind: fc.constantFrom('file' as const, 'folder' as const), path: fc.array(fc.constantFrom('srv', 'srv2', 'current', 'releases', 'a'), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
});

export const claims: fc.Arbitrary<Claim> = fc.oneof(names, ports, paths);
