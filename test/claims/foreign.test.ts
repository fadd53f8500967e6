/** Between deploys: found are exactly the hosts where both want the same, told once for each component that has it. */
import fc from 'fast-check';
import { foreignClashes, type Occupant } from '../../control/claims/foreign-clashes.js';
import { deployClaims, exclusive, keptGroups, type ClaimGroup } from '../../control/claims/groups.js';
import { foreignConflict, foreignFindings } from '../../control/claims/tell.js';
import { clash, type Claim } from '../../spec/claims/claim.js';
import type { PlacementClaims } from '../../spec/claims/placement-claims.js';
import { claims } from './arbitrary.js';

const port = (from: number, to = from): Claim => ({ kind: 'port', protocol: 'tcp', address: '', from, to });
const placed = (host: string, component: string, ...taken: Claim[]): PlacementClaims => ({ host, component, claims: taken.map((claim, index) => ({ claim, path: ['run', 'ports', index] })) });
const groups = (...placements: PlacementClaims[]): ClaimGroup[] => deployClaims(placements).groups;
const occupant = (name: string, ...placements: PlacementClaims[]): Occupant => ({ deploy_id: `dpl_${name}`, name, version: 1, groups: keptGroups(groups(...placements)) });
const locate = (): { line: number; column: number } => ({ line: 3, column: 5 });

const placements: fc.Arbitrary<PlacementClaims[]> = fc.uniqueArray(fc.record({ host: fc.constantFrom('h1', 'h2', 'h3'), component: fc.constantFrom('a', 'b'), claims: fc.array(claims.map((claim) => ({ claim, path: [] })), { maxLength: 3 }) }),
  { maxLength: 4, selector: ({ host, component }) => `${host} ${component}` });

/** Each with each, on the same host. */
const meet = (ours: readonly PlacementClaims[], theirs: readonly PlacementClaims[]): string[] => [...new Set(ours.flatMap((our) => theirs.filter(({ host }) => host === our.host)
  .flatMap((their) => our.claims.filter(({ claim }) => their.claims.some((other) => clash(claim, other.claim))).map(({ claim }) => `${our.host} ${our.component} ${JSON.stringify(claim)} ${their.component}`))))].sort();

test('found is what clashes on the same host, and all of it', () => {
  fc.assert(fc.property(placements, placements, (ours, theirs) => {
    const found = foreignClashes(groups(...ours), [occupant('other', ...theirs)]);
    expect([...new Set(found.flatMap(({ hosts, component, claim, holder }) => hosts.map((host) => `${host} ${component} ${JSON.stringify(claim)} ${holder.component}`)))].sort()).toEqual(meet(ours, theirs));
  }), { numRuns: 1000 });
});

test('who was there first makes no difference, nor in which order the others are looked at', () => {
  fc.assert(fc.property(placements, placements, placements, (a, b, c) => {
    const found = (own: PlacementClaims[], ...others: Occupant[]) => foreignClashes(groups(...own), others);
    expect(found(a, occupant('b', ...b)).length > 0).toBe(found(b, occupant('a', ...a)).length > 0);
    const told = (clashes: ReturnType<typeof found>): string[] => clashes.map(({ component, claim, hosts, holder }) => JSON.stringify([component, claim, [...hosts].sort(), holder])).sort();
    expect(told(found(a, occupant('b', ...b), occupant('c', ...c)))).toEqual(told(found(a, occupant('c', ...c), occupant('b', ...b))));
  }), { numRuns: 1000 });
});

test('two versions of a deploy, and many hosts, are told as one', () => {
  const hosts = ['h1', 'h2', 'h3', 'h4', 'h5'];
  const theirs = hosts.map((host) => placed(host, 'api', port(80)));
  const found = foreignClashes(groups(...hosts.map((host) => placed(host, 'web', port(80)))), [occupant('shop', ...theirs), { ...occupant('shop', ...theirs), version: 2 }]);
  expect(foreignFindings(found, locate)).toEqual([{
    code: 'conflict', path: 'components.web.run.ports[0]', line: 3, column: 5, message: 'port 80/tcp on h1, h2, h3 and 2 more is taken by the deploy shop (dpl_shop), component api',
    suggested_fix: 'Publish another host port, or change or delete the deploy shop first.',
  }]);
});

test('two deploys that have it are both told', () => {
  const found = foreignClashes(groups(placed('h1', 'web', port(80, 90))), [occupant('a', placed('h1', 'x', port(80))), occupant('b', placed('h1', 'x', port(85, 99)))]);
  const { message, errors, details, fix } = foreignConflict(found, locate);
  expect(errors.map((error) => error.message)).toEqual(['port 80/tcp on h1 is taken by the deploy a (dpl_a), component x', 'port 85-90/tcp on h1 is taken by the deploy b (dpl_b), component x']);
  expect(message).toBe('port 80/tcp on h1 is taken by the deploy a (dpl_a), component x; 1 more of what it needs is taken as well');
  expect(fix).toMatch(/^Publish another host port, or change or delete the deploy a first\.$/);
  expect(details).toEqual({ clashes: ['a', 'b'].map((name) => expect.objectContaining({ hosts: ['h1'], component: 'web', deploy_id: `dpl_${name}`, deploy_name: name, deploy_component: 'x' }) as object) });
});

test('a named volume that others use is a warning: it is not among what is refused', () => {
  const own = groups(placed('h1', 'web', { kind: 'volume', name: 'data' }));
  const others = [occupant('backup', placed('h1', 'job', { kind: 'volume', name: 'data' }))];
  expect(foreignClashes(exclusive(own), others)).toEqual([]);
  expect(foreignFindings(foreignClashes(own, others), locate)).toEqual([expect.objectContaining({ message: 'the volume data on h1 is also used by the deploy backup (dpl_backup), component job', suggested_fix: 'Use another volume, unless both are meant to share its data.' })]);
});

test('an answer stays of readable size', () => {
  const many = Array.from({ length: 200 }, (_, index) => placed('h1', `c${index}`, port(1), port(2), port(3)));
  const found = foreignClashes(groups(...many), [occupant('other', placed('h1', 'x', port(1, 3)))]);
  expect(found).toHaveLength(500);
  expect(foreignConflict(found, locate).details['clashes']).toHaveLength(50);
});

test('equal claims are kept once for all their hosts, and their digest does not depend on where the document says them', () => {
  const first = deployClaims(['h1', 'h2', 'h3'].map((host) => placed(host, 'web', port(80))));
  expect(first.groups).toEqual([expect.objectContaining({ component: 'web', hosts: ['h1', 'h2', 'h3'] })]);
  const elsewhere = deployClaims(['h1', 'h2', 'h3'].map((host) => ({ ...placed(host, 'web'), claims: [{ claim: port(80), path: ['run', 'ports', 7] }] })));
  expect(elsewhere.digest).toBe(first.digest);
  expect(deployClaims([placed('h1', 'web', port(81))]).digest).not.toBe(first.digest);
});
