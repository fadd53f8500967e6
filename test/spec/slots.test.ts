/** Units that take turns: which names and ports they have, what a document needs for them, and that a plan is the same whichever of them serves. */
import fc from 'fast-check';
import type { DesiredPlacement, SystemdRun } from '../../spec/desired.js';
import { clash } from '../../spec/claims/claim.js';
import { placementClaims } from '../../spec/claims/placement-claims.js';
import { fingerprintOf } from '../../spec/fingerprint.js';
import { sha256Hex } from '../../spec/hash.js';
import type { ObservedPlacement, ObservedUnit } from '../../spec/observed.js';
import { planHost } from '../../spec/plan-host.js';
import { placementRemovals } from '../../spec/prune.js';
import { resolvePlacement } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { atPort, choosePorts, frontOf, nextColour, slotNames, slotPorts, takingTurns, unitNames } from '../../spec/slots.js';
import { parsed, plainDigest, small } from './marked.js';

const usual = { command: '/bin/web ${MAESTRO_PORT}', check: 'type: http, url: "http://localhost:8080/health"', mode: 'blue_green', unit: '' };

function resolve(over: Partial<typeof usual> & { address?: string; together?: boolean } = {}): { placement: DesiredPlacement; problems: Problem[]; component: Parameters<typeof placementClaims>[0] } {
  const { command, check, mode, unit } = { ...usual, ...over };
  const text = small({ run: `type: systemd, command: "${command}"${unit}`, component: `    deploy_mode: ${mode}\n${check === '' ? '' : `    healthcheck: { ${check} }\n`}` }).replace('    source: { type: docker, image: nginx }\n', '');
  const component = parsed(text).components['web'];
  if (component === undefined) throw new Error('no component');
  const problems: Problem[] = [];
  const { address, together = false } = over;
  const placement = resolvePlacement({ deployId: 'dpl_1', project: 'shop', version: 1, host: 'h1', ...(address === undefined ? {} : { address }), together, componentId: 'web', component, bundle: [], templates: [], digest: plainDigest }, (problem) => problems.push(problem));
  return { placement, problems, component };
}
function runOf({ run }: DesiredPlacement): SystemdRun {
  if (run.type !== 'systemd') throw new Error('not a unit');
  return run;
}
const told = (over: Parameters<typeof resolve>[0]): string[] => resolve(over).problems.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('names', () => {
  it('are three, of which the document has one, and lead back to it', () => {
    expect(slotNames('shop.service')).toEqual({ blue: 'shop-blue.service', green: 'shop-green.service' });
    expect([frontOf('shop-blue.service'), frontOf('shop-green.service'), frontOf('shop.service'), frontOf('shop-blue-green.service')]).toEqual(['shop.service', 'shop.service', 'shop.service', 'shop-blue.service']);
    expect([nextColour(null), nextColour('shop.service'), nextColour('shop-blue.service'), nextColour('shop-green.service')]).toEqual(['blue', 'blue', 'green', 'blue']);
  });
  it('of those that take turns now are told from those of before', () => {
    const turns = unitNames({ unit_name: 'b.service', slots: { port: 80 } });
    expect(takingTurns([])).toEqual([]);
    expect(takingTurns(['a.service'])).toEqual(['a.service']);
    expect(takingTurns(['a.service', ...turns])).toEqual(turns);
    expect(takingTurns([...turns, 'a.service'])).toEqual(['a.service']);
    expect(takingTurns(['c-blue.service'])).toEqual(['c-blue.service']);
  });
  it('are all claimed, with the port that is published', () => {
    const { placement, component } = resolve();
    const claims = placementClaims(component, [], placement).claims;
    expect(claims).toEqual([
      ...['maestro-web.service', 'maestro-web-green.service', 'maestro-web-blue.service'].map((name) => ({ claim: { kind: 'unit', name }, path: ['run'] })),
      { claim: { kind: 'port', protocol: 'tcp', address: '', from: 8080, to: 8080 }, path: ['healthcheck', 'url'] },
    ]);
    for (const taken of [{ kind: 'unit', name: 'maestro-web-green.service' }, { kind: 'port', protocol: 'tcp', address: '10.0.0.1', from: 8000, to: 8100 }] as const) expect(claims.some(({ claim }) => clash(claim, taken))).toBe(true);
  });
  it('stay while the component stays, and go with it', () => {
    const { placement } = resolve();
    const owned = [{ component: 'web', units: unitNames(runOf(placement)), files: [], trees: [], links: [] }];
    const question = { deploy_id: 'dpl_1', owned, docker: { containers: [], networks: [], volumes: [] }, order: [], volumes: false };
    expect(placementRemovals({ ...question, kept: [placement] })).toEqual([]);
    expect(placementRemovals({ ...question, kept: [] })).toMatchObject([{ whole: true, removals: [{ unit: 'maestro-web.service' }, { unit: 'maestro-web-green.service' }, { unit: 'maestro-web-blue.service' }] }]);
  });
});

describe('ports', () => {
  const ports = fc.integer({ min: slotPorts.first, max: slotPorts.last });
  const ephemeral = fc.constantFrom({ first: 32_768, last: 60_999 }, { first: 1024, last: 65_535 }, { first: 20_000, last: 25_000 });
  it('are two of the range that nobody has; those that are kept stay unless somebody has them', () => {
    fc.assert(fc.property(fc.uniqueArray(ports, { maxLength: 20 }), ephemeral, fc.option(fc.record({ blue: ports, green: ports }).filter(({ blue, green }) => blue !== green)), (busy, range, kept) => {
      const has = (port: number): boolean => busy.includes(port) || (port > slotPorts.first + 50 && port < slotPorts.last - 50 && port !== kept?.blue && port !== kept?.green);
      const chosen = choosePorts(kept, { has, ephemeral: range });
      if (chosen === null) throw new Error('there are more than two');
      expect(chosen.blue).not.toBe(chosen.green);
      for (const port of [chosen.blue, chosen.green]) expect([port >= slotPorts.first, port <= slotPorts.last, has(port)]).toEqual([true, true, false]);
      for (const colour of ['blue', 'green'] as const) if (kept !== null && !has(kept[colour])) expect(chosen[colour]).toBe(kept[colour]);
      if (kept === null && range.first === 20_000) expect(chosen.blue).toBeGreaterThan(25_000);
    }));
  });
  it('are none where there are not two', () => {
    const allBut = (...free: number[]) => ({ has: (port: number): boolean => !free.includes(port), ephemeral: { first: 32_768, last: 60_999 } });
    expect([choosePorts(null, allBut()), choosePorts(null, allBut(20_007)), choosePorts(null, allBut(20_007, 29_999))]).toEqual([null, null, { blue: 20_007, green: 29_999 }]);
    expect(choosePorts({ blue: 20_007, green: 20_008 }, allBut(20_008, 20_009))).toEqual({ blue: 20_009, green: 20_008 });
  });
  it('come in place of the token, wherever it stands', () => {
    expect(atPort('ExecStart=/bin/web ${MAESTRO_PORT}\nEnvironment="PORT=${MAESTRO_PORT}" "HOME=${HOME}"', 20_001)).toBe('ExecStart=/bin/web 20001\nEnvironment="PORT=20001" "HOME=${HOME}"');
  });
});

describe('a document', () => {
  it.each([
    [usual.check, 8080], ['type: tcp, port: 81', 81], ['type: http, url: "http://localhost/"', 80], ['type: http, url: "https://127.0.0.1/x?y=http://other:9"', 443], ['type: http, url: "http://10.0.0.7:82/"', 82], ['type: http, url: "http://me@127.0.1.1:83"', 83],
  ])('publishes the port of its healthcheck: %s', (check, port) => {
    const { placement, problems } = resolve({ check, address: '10.0.0.7' });
    expect([problems, runOf(placement).slots]).toEqual([[], { port }]);
    expect(runOf(placement).unit_text).toContain('${MAESTRO_PORT}');
  });
  it('has the port in its command or in a variable', () => {
    expect(told({ command: '/bin/web', unit: ', env: { PORT: "${MAESTRO_PORT}" }' })).toEqual([]);
    expect(told({ command: '/bin/web $MAESTRO_PORT' })).toEqual(['run.command: deploy_mode blue_green runs the old and the new one side by side, each on a port of its own, and ${MAESTRO_PORT} is nowhere in run.command or run.env']);
  });
  it.each<[string, Parameters<typeof resolve>[0], RegExp]>([
    ['no healthcheck', { check: '' }, /^deploy_mode: .* needs a healthcheck/], ['a command', { check: 'type: command, command: /bin/true' }, /^healthcheck\.type: .* is a command/],
    ['another host', { check: 'type: http, url: "http://10.0.0.8:80/"', address: '10.0.0.7' }, /^healthcheck\.url: the healthcheck asks 10\.0\.0\.8/], ['IPv6', { check: 'type: http, url: "http://[::1]:80/"' }, /^healthcheck\.url: /], ['a host of tcp', { check: 'type: tcp, port: 80, host: db' }, /^healthcheck\.host: /],
    ['a name like the host', { check: 'type: http, url: "http://localhost.example.com/"' }, /^healthcheck\.url: /], ['a port of units', { check: 'type: tcp, port: 20000' }, /^healthcheck\.port: port 20000/],
    ['an instance', { unit: ', unit_name: shop@1' }, /^run\.unit_name: .*"@"/], ['a long name', { unit: `, unit_name: ${'a'.repeat(242)}` }, /^run\.unit_name: .*too long/],
  ])('is told what is missing: %s', (_, over, message) => {
    expect(told(over)).toEqual([expect.stringMatching(message)]);
    expect(runOf(resolve(over).placement).unit_text).toBeDefined();
  });
  it('whose hosts switch together needs the same', () => {
    expect(told({ mode: 'cold', together: true, command: '/bin/web' })).toEqual([expect.stringMatching(/^run\.command: /)]);
    expect(runOf(resolve({ mode: 'cold', together: true }).placement).slots).toEqual({ port: 8080 });
  });
  it('of any other mode leaves the token as it is written, and its hash as it was', () => {
    const { placement } = resolve({ mode: 'cold' });
    expect(runOf(placement)).not.toHaveProperty('slots');
    expect(runOf(placement).unit_text).toContain('ExecStart=/bin/web ${MAESTRO_PORT}');
    expect(placement.hash).not.toBe(resolve().placement.hash);
  });
});

describe('a plan', () => {
  const { placement } = resolve();
  const run = runOf(placement);
  const cold = resolve({ mode: 'cold', command: '/bin/web 8080' }).placement;
  const unit = (over: Partial<ObservedUnit> = {}): ObservedUnit => ({
    owned: true, load_state: 'loaded', active_state: 'active', sub_state: 'running', enabled: true, unit_sha256: sha256Hex(run.unit_text), needs_daemon_reload: false, exit_code: 0, run: { unit_name: run.unit_name }, started_at: null, slot: { alias: true, published: true }, ...over,
  });
  const seen = (found: ObservedUnit | null, applied: string | null = placement.hash): ObservedPlacement => ({ component: 'web', applied_hash: applied, applied_version: 1, image_present: false, container: null, unit: found, files: [], trees: [], source: null, health: { ok: true, detail: '' } });
  const planOf = (found: ObservedUnit | null, desired = placement) => planHost([desired], [seen(found)], { docker: false, systemd: true, missing: [] })[0];
  const { slot: _, ...one } = unit();

  it('does nothing when it is as asked, brings the first and every other one beside what there is, and says so', () => {
    expect(planOf(unit())).toMatchObject({ action: 'unchanged', operations: [] });
    expect(planOf(null)).toMatchObject({ action: 'create', downtime: false, operations: [{ op: 'switch_unit', unit: 'maestro-web.service' }, { op: 'check_health' }] });
    for (const found of [unit({ unit_sha256: 'other' }), unit({ needs_daemon_reload: true }), one]) {
      expect(planOf(found)).toMatchObject({ action: 'update', downtime: false, operations: [{ op: 'switch_unit' }, { op: 'check_health' }], reasons: expect.arrayContaining(['the new unit takes over from the old one when it is healthy, without an interruption']) });
    }
    expect(planOf(one)).toMatchObject({ fields: [{ field: 'unit.slots', from: 'one unit', to: 'two units that take turns' }] });
  });
  it('starts what is only stopped, and puts right what leads to it', () => {
    expect(planOf(unit({ active_state: 'inactive' }))).toMatchObject({ action: 'restart', operations: [{ op: 'start_unit' }, { op: 'check_health' }] });
    expect(planOf(unit({ slot: { alias: false, published: true } }))).toMatchObject({ action: 'update', restart: false, downtime: false, fields: [{ field: 'unit.alias' }], operations: [{ op: 'enable_unit' }, { op: 'check_health' }] });
    expect(planOf(unit({ slot: { alias: true, published: false } }))).toMatchObject({ action: 'update', restart: false, downtime: false, fields: [{ field: 'ports' }], operations: [{ op: 'publish_ports' }, { op: 'check_health' }] });
  });
  it('back to one unit is an interruption, and is told as one', () => {
    expect(planOf(unit(), cold)).toMatchObject({ action: 'update', downtime: true, operations: [{ op: 'switch_unit' }, { op: 'check_health' }] });
  });
  it('leaves what is somebody else\'s', () => {
    expect(planOf({ ...one, owned: false })).toMatchObject({ action: 'conflict', operations: [] });
  });
  it('goes stale when what leads to the unit moved', () => {
    const digest = (found: ObservedUnit): string => fingerprintOf(placement, seen(found), 'ab'.repeat(32)).digest;
    expect(new Set([unit(), one, unit({ slot: { alias: false, published: true } }), unit({ slot: { alias: true, published: false } })].map(digest)).size).toBe(4);
  });
});
