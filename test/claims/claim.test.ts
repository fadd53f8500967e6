/** Two claims on one host: when they clash, and that whoever looks them up finds exactly those. */
import fc from 'fast-check';
import { canonicalAddress } from '../../spec/claims/address.js';
import { claimName, clash, mayStandTogether, nesting, type Claim, type PathClaim, type PortClaim } from '../../spec/claims/claim.js';
import { Taken } from '../../spec/claims/taken.js';
import { parsePorts } from '../../spec/resolve/ports.js';
import { claims, ports } from './arbitrary.js';

const port = (text: string): PortClaim => {
  const mappings = parsePorts(text) ?? [];
  const [first, last] = [mappings[0], mappings.at(-1)];
  if (first === undefined || last === undefined) throw new Error(text);
  return { kind: 'port', protocol: first.protocol, address: canonicalAddress(first.ip), from: first.host_port, to: last.host_port };
};
const file = (path: string): PathClaim => ({ kind: 'file', path });
const folder = (path: string): PathClaim => ({ kind: 'folder', path });

describe('an address', () => {
  test.each([
    ['', ''], ['0.0.0.0', ''], ['::', ''], ['0::0', ''], ['0:0:0:0:0:0:0:0', ''], ['127.0.0.1', '127.0.0.1'], ['127.000.000.001', '127.0.0.1'], ['::1', '0:0:0:0:0:0:0:1'], ['0:0:0:0:0:0:0:1', '0:0:0:0:0:0:0:1'], ['0::0001', '0:0:0:0:0:0:0:1'],
    ['FE80::1:2', 'fe80:0:0:0:0:0:1:2'], ['::ffff:7f00:1', '127.0.0.1'], ['::ffff:0:0', ''], ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
  ])('%j is compared as %j', (ip, canonical) => {
    expect(canonicalAddress(ip)).toBe(canonical);
  });
  test.each(['1::2::3', '1:2:3:4:5:6:7:8:9', '1:2', ':::', '1:2:3:4::5:6:7:8'])('%j is none, and stays as it is', (ip) => {
    expect(canonicalAddress(ip)).toBe(ip);
  });
});

describe('ports', () => {
  test.each([
    ['80:80', '80:8080'], ['80:80', '127.0.0.1:80:80'], ['0.0.0.0:80:80', '10.0.0.1:80:80'], ['[::]:80:80', '80:80'], ['[::]:80:80', '0.0.0.0:80:80'], ['[::]:80:80', '127.0.0.1:80:80'], ['[::1]:80:80', '[0:0:0:0:0:0:0:1]:80:80'],
    ['8000-8010:8000-8010', '8005:80'], ['8000-8010:8000-8010', '8010-8020:1-11'], ['53:53/udp', '50-60:50-60/udp'],
  ])('%s and %s clash', (a, b) => {
    expect([clash(port(a), port(b)), clash(port(b), port(a))]).toEqual([true, true]);
  });
  test.each([
    ['80:80', '81:80'], ['80:80', '80:80/udp'], ['127.0.0.1:80:80', '10.0.0.1:80:80'], ['127.0.0.1:80:80', '[::1]:80:80'], ['8000-8010:8000-8010', '8011-8012:1-2'],
  ])('%s and %s do not', (a, b) => {
    expect([clash(port(a), port(b)), clash(port(b), port(a))]).toEqual([false, false]);
  });
  test('that are apart never clash, wherever they are published', () => {
    fc.assert(fc.property(ports, ports, (a, b) => {
      fc.pre(a.to < b.from || b.to < a.from || a.protocol !== b.protocol);
      expect(clash(a, b)).toBe(false);
    }));
  });
  test('are named by what both want', () => {
    expect([claimName(port('80:80')), claimName(port('8000-8010:1-11')), claimName(port('8000-8010:1-11'), port('8008-8020:1-13')), claimName(port('53-54:1-2/udp'), port('54:1/udp'))])
      .toEqual(['port 80/tcp', 'port 8000-8010/tcp', 'port 8008-8010/tcp', 'port 54/udp']);
  });
});

describe('paths', () => {
  test.each([
    [file('/etc/a'), file('/etc/a'), ''], [file('/etc/a'), file('/etc/a/b'), '/etc/a/b is inside of it'], [folder('/srv/site'), folder('/srv/site'), ''],
    [file('/srv/site/x'), folder('/srv/site'), 'it is inside of /srv/site'], [folder('/srv'), folder('/srv/site'), '/srv/site is inside of it'], [file('/srv/site'), folder('/srv/site'), ''],
  ])('%j and %j clash', (a, b, how) => {
    expect([clash(a, b), clash(b, a), nesting(a, b)]).toEqual([true, true, how]);
  });
  test.each([[file('/etc/a'), file('/etc/ab')], [file('/etc/a/b'), file('/etc/a/c')], [folder('/srv/site'), file('/srv/site2/x')], [folder('/srv/site'), folder('/srv/sites')]])('%j and %j do not', (a, b) => {
    expect([clash(a, b), clash(b, a)]).toEqual([false, false]);
  });
  test('of one component may stand beside the releases of its folder, and nowhere in them', () => {
    const site = folder('/srv/site');
    expect(['/srv/site/nginx.conf', '/srv/site/conf/a', '/srv/site/currently'].map((path) => mayStandTogether(file(path), site))).toEqual([true, true, true]);
    expect(['/srv/site', '/srv/site/current', '/srv/site/current/a', '/srv/site/releases/x/a'].map((path) => mayStandTogether(site, file(path)))).toEqual([false, false, false, false]);
    expect(mayStandTogether(file('/etc/a'), file('/etc/a/b'))).toBe(false);
  });
});

test('a clash is mutual, and everything clashes with itself', () => {
  fc.assert(fc.property(claims, claims, (a, b) => {
    expect(clash(a, b)).toBe(clash(b, a));
    expect(clash(a, { ...a })).toBe(true);
    expect(mayStandTogether(a, b)).toBe(mayStandTogether(b, a));
    if (mayStandTogether(a, b)) expect(clash(a, b)).toBe(true);
  }), { numRuns: 2000 });
});

test('names of different kinds have nothing to do with each other', () => {
  const kinds: Claim[] = [{ kind: 'container', name: 'web' }, { kind: 'unit', name: 'web' }, { kind: 'volume', name: 'web' }, file('/web'), port('80:80')];
  for (const [index, a] of kinds.entries()) for (const b of kinds.slice(index + 1)) expect(clash(a, b)).toBe(false);
});

test('what is taken is found by exactly the claims that clash with it, each once, in whatever order it was taken', () => {
  fc.assert(fc.property(fc.array(claims, { maxLength: 20 }), claims, fc.infiniteStream(fc.nat()), (held, asked, random) => {
    const numbered = held.map((claim, holder) => ({ claim, holder }));
    const shuffled = [...numbered].map((one) => ({ one, at: random.next().value ?? 0 })).sort((a, b) => a.at - b.at).map(({ one }) => one);
    const expected = numbered.filter(({ claim }) => clash(claim, asked)).map(({ holder }) => holder);
    for (const order of [numbered, shuffled]) {
      const taken = new Taken<number>();
      for (const { claim, holder } of order) taken.add(claim, holder);
      expect([...taken.clashing(asked)].map(({ holder }) => holder).sort((a, b) => a - b)).toEqual(expected);
    }
  }), { numRuns: 2000 });
});
