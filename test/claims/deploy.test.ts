/** Inside of one deploy: what two of its placements on a host may not both have, told at the port, the name or the path. */
import fc from 'fast-check';
import { clashes } from '../../control/documents/clashes.js';
import type { PlacementClaims } from '../../spec/claims/placement-claims.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { expectInvalid, placementsOf, validated, type Files } from '../rendering/bundle.js';
import { claims } from './arbitrary.js';

interface Written { web: string; api: string; webHost?: string }

/** Two components, on one host unless said otherwise; each is given the rest of its section. */
const both = ({ web, api, webHost = 'h1' }: Written): string => `api_version: maestro/v1
project: shop
hosts: { h1: {}, h2: {} }
components:
  web:
    source: { type: docker, image: nginx }
${web}
  api:
    source: { type: docker, image: nginx }
${api}
deployment:
  - { host: ${webHost}, components: [web] }
  - { host: h1, components: [api] }
`;
const docker = (what: string): string => `    run: { type: docker, ${what} }`;
const ports = (...texts: string[]): string => docker(`ports: [${texts.join(', ')}]`);
const config = (what: string): string => `    run: { type: docker }\n    config: { ${what} }`;
const files: Files = { 'a.j2': 'a', 'a.conf': 'a', 'site/index.html': 'hello', 'site/js/app.js': 'run()' };

const expectClash = (written: Written, path: string, message: RegExp): Promise<void> => expectInvalid(both(written), { code: 'conflict', path, message }, files);
const expectFine = async (written: Written): Promise<DesiredPlacement[]> => placementsOf(both(written), files);

describe('ports', () => {
  test.each([
    ['"80:80"', '"80:81"', 'port 80/tcp'], ['"80:80"', '"127.0.0.1:80:80"', 'port 80/tcp'], ['"[::]:80:80"', '"0.0.0.0:80:80"', 'port 80/tcp'], ['"[::1]:80:80"', '"[0::1]:80:80"', 'port 80/tcp'],
    ['"8000-8010:8000-8010"', '"8005-8020:8005-8020"', 'port 8005-8010/tcp'], ['"53:53/udp"', '"50-60:50-60/udp"', 'port 53/udp'],
  ])('%s and %s on one host', async (first, second, name) => {
    await expectClash({ web: ports('"1:1"', first), api: ports('"2:2"', `▸${second}`) }, 'components.api.run.ports[1]', new RegExp(`^${name} on h1 is also used by web$`));
  });
  test.each([['"80:80"', '"80:80/udp"'], ['"127.0.0.1:80:80"', '"10.0.0.1:80:80"'], ['"127.0.0.1:80:80"', '"[::1]:80:80"'], ['"8000-8004:1-5"', '"8005-8009:1-5"']])('%s and %s go together', async (first, second) => {
    await expectFine({ web: ports(first), api: ports(second) });
  });
  test('the same on another host go together', async () => {
    await expectFine({ web: ports('"80:80"'), api: ports('"80:80"'), webHost: 'h2' });
  });
  test('of a container in the network of the host are not published', async () => {
    await expectFine({ web: ports('"80:80"'), api: docker('networks: [host], ports: ["80:80"]') });
  });
  test('twice in one component', async () => {
    await expectClash({ web: ports('"80:80"', '▸"80:81"'), api: ports('"81:80"') }, 'components.web.run.ports[1]', /^port 80\/tcp on h1 is used twice$/);
  });
});

describe('names', () => {
  test('of containers, where they are written', async () => {
    await expectClash({ web: docker('container_name: shop'), api: docker('container_name: ▸shop') }, 'components.api.run.container_name', /^the container shop on h1 is also used by web$/);
  });
  test('that follow from the id are told at the run section', async () => {
    await expectClash({ web: docker('container_name: maestro-api'), api: '    ▸run: { type: docker }' }, 'components.api.run', /^the container maestro-api on h1/);
  });
  test('of units, with and without their ending', async () => {
    const unit = (name: string): string => `    run: { type: systemd, command: /bin/a, unit_name: ${name} }`;
    const text = both({ web: unit('shop'), api: unit('▸shop.service') }).replaceAll('    source: { type: docker, image: nginx }\n', '');
    await expectInvalid(text, { code: 'conflict', path: 'components.api.run.unit_name', message: /^the unit shop\.service on h1 is also used by web$/ });
  });
  test('volumes are shared freely', async () => {
    await expectFine({ web: docker('volumes: ["data:/data"]'), api: docker('volumes: ["data:/data"]') });
  });
});

describe('paths', () => {
  const template = (dest: string): string => config(`templates: [{ source: a.j2, dest: ${dest} }]`);
  const folder = (dest: string, strategy = 'atomic_symlink'): string => config(`files: [{ source: site, dest: ${dest}, strategy: ${strategy} }]`);

  test('the same file, though one is relative', async () => {
    await expectClash({ web: template('/opt/maestro/api/a'), api: template('▸a') }, 'components.api.config.templates[0].dest', /^\/opt\/maestro\/api\/a on h1 is also used by web$/);
  });
  test('a file where another needs a folder', async () => {
    await expectClash({ web: template('/etc/a'), api: template('▸/etc/a/b') }, 'components.api.config.templates[0].dest', /is also used by web: it is inside of \/etc\/a$/);
  });
  test('a file below the flipped folder of another component, and the reverse', async () => {
    await expectClash({ web: folder('/srv/site'), api: template('▸/srv/site/x') }, 'components.api.config.templates[0].dest', /^\/srv\/site\/x on h1 is also used by web: it is inside of \/srv\/site$/);
    await expectClash({ web: template('/srv/site/x'), api: folder('▸/srv/site/') }, 'components.api.config.files[0].dest', /^\/srv\/site on h1 is also used by web: \/srv\/site\/x is inside of it$/);
  });
  test('a file of its own beside the releases is fine, among them it is not', async () => {
    const own = (dest: string): string => config(`files: [{ source: site, dest: /srv/site }, { source: a.conf, dest: ${dest} }]`);
    await expectFine({ web: own('/srv/site/a.conf'), api: docker('container_name: other') });
    await expectClash({ web: own('▸/srv/site/current/a.conf'), api: docker('container_name: other') }, 'components.web.config.files[1].dest', /is used twice: it is inside of \/srv\/site$/);
  });
  test('folders that are not flipped hold files of several, but no file twice', async () => {
    await expectFine({ web: folder('/srv/site', 'overwrite'), api: template('/srv/site/x') });
    await expectClash({ web: folder('/srv/site', 'overwrite'), api: template('▸/srv/site/js/app.js') }, 'components.api.config.templates[0].dest', /^\/srv\/site\/js\/app\.js on h1 is also used by web$/);
  });
});

test('all clashes are told at once, and no more than can be read', async () => {
  const two = await validated(both({ web: docker('container_name: shop, ports: ["80:80", "81:81"]'), api: docker('container_name: shop, ports: ["80-81:80-81"]') }));
  expect(two.errors.map(({ path }) => path)).toEqual(['components.api.run.container_name', 'components.api.run.ports[0]']);
  const same = Array.from({ length: 300 }, (_, index): PlacementClaims => ({ host: 'h1', component: `c${index}`, claims: [1, 2].map((number) => ({ claim: { kind: 'port', protocol: 'tcp', address: '', from: number, to: number }, path: ['run'] })) }));
  expect(clashes(same)).toHaveLength(500);
});

test('claims are what the host will be asked for', async () => {
  const text = both({ web: `${docker('ports: ["8000-8001:1-2", "[::1]:53:53/udp"], volumes: ["data:/data", "/srv:/srv"]')}\n    config: { templates: [{ source: a.j2, dest: a }], files: [{ source: a.conf, dest: b }, { source: site, dest: /srv/c }, { source: site, dest: d, strategy: atomic }] }`, api: docker('container_name: other') });
  const { rendered, errors } = await validated(text, files);
  expect(errors).toEqual([]);
  expect(rendered?.claims[0]?.claims.map(({ claim }) => claim)).toEqual([
    { kind: 'container', name: 'maestro-web' }, { kind: 'port', protocol: 'tcp', address: '', from: 8000, to: 8001 }, { kind: 'port', protocol: 'udp', address: '0:0:0:0:0:0:0:1', from: 53, to: 53 }, { kind: 'volume', name: 'data' },
    { kind: 'file', path: '/opt/maestro/web/a' }, { kind: 'file', path: '/opt/maestro/web/b' }, { kind: 'folder', path: '/srv/c' }, { kind: 'file', path: '/opt/maestro/web/d/index.html' }, { kind: 'file', path: '/opt/maestro/web/d/js/app.js' },
  ]);
});

test('whether there is a clash does not depend on the order of placements', () => {
  const placement = fc.record({ host: fc.constantFrom('h1', 'h2'), component: fc.constantFrom('a', 'b', 'c'), claims: fc.array(claims.map((claim) => ({ claim, path: [] })), { maxLength: 4 }) });
  fc.assert(fc.property(fc.array(placement, { maxLength: 5 }), (placements) => {
    expect(clashes([...placements].reverse()).length > 0).toBe(clashes(placements).length > 0);
  }), { numRuns: 1000 });
});
