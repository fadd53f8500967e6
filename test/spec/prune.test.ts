/** What a prune removes: everything that only this deploy's own marks name, and nothing that stays. */
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { dependenciesFirst, placementRemovals, removalPlan, removalText, type DockerHere, type OwnedPlacement, type PruneQuestion, type Removal } from '../../spec/prune.js';

const mine = 'dpl_mine';
const components = ['web', 'db', 'job'] as const;

const kept = (component: string, over: Partial<DesiredPlacement> = {}): DesiredPlacement => ({
  deploy_id: mine, project: 'p', version: 2, component, host: 'h1', hash: 'x', component_directory: `/opt/maestro/${component}`, source: null, build: [],
  run: { type: 'docker', image: 'i', pull_policy: 'never', container_name: component, ports: [], volumes: [], env: {}, networks: [], restart: 'no', command: null, resources: { memory_bytes: null, cpus: null } },
  files: [], trees: [], healthcheck: null, ...over,
});
const file = (path: string): DesiredPlacement['files'][number] => ({ path, sha256: 'a', size: 1, mode: 0o644, owner: null, group: null, strategy: 'atomic', origin: 'file' });
const owned = (component: string, over: Partial<OwnedPlacement> = {}): OwnedPlacement => ({ component, units: [], files: [], trees: [], links: [], ...over });
const nothing: DockerHere = { containers: [], networks: [], volumes: [] };
const question = (over: Partial<PruneQuestion>): PruneQuestion => ({ deploy_id: mine, owned: [], docker: nothing, kept: [], order: [], volumes: false, ...over });
const texts = (over: Partial<PruneQuestion>): string[] => placementRemovals(question(over)).flatMap(({ component, removals }) => removals.map((removal) => `${component}: ${removalText(removal)}`));

test('a component that is not there any more goes with everything it has', () => {
  const docker: DockerHere = {
    containers: [{ id: 'c1', name: 'web', owner: { deploy_id: mine, component: 'web' }, networks: ['n'], volumes: ['v'] }],
    networks: [{ id: 'n1', name: 'n', owner: { deploy_id: mine, component: 'web' } }], volumes: [{ name: 'v', owner: { deploy_id: mine, component: 'web' } }],
  };
  const web = owned('web', { units: ['web.service'], files: ['/etc/a'], links: ['/opt/maestro/web'], trees: [{ dest: '/srv/t', strategy: 'atomic_symlink', releases: ['r'], files: [] }] });
  expect(texts({ owned: [web], docker })).toEqual(['web: container web', 'web: unit web.service', 'web: link /opt/maestro/web', 'web: file /etc/a', 'web: folder /srv/t', 'web: releases', 'web: network n']);
  expect(texts({ owned: [web], docker, volumes: true }).at(-1)).toBe('web: volume v');
});

test('what a component that stays does not have any more goes, and what another one has by now does not', () => {
  const web = owned('web', { files: ['/etc/old', '/etc/a', '/etc/taken'], units: ['web.service'] });
  expect(texts({ owned: [web], kept: [kept('web', { files: [file('/etc/a')] }), kept('db', { files: [file('/etc/taken')] })] })).toEqual(['web: unit web.service', 'web: file /etc/old']);
});

test('networks and volumes that anybody uses stay, whoever that is', () => {
  const owner = { deploy_id: mine, component: 'web' };
  const docker = (user: DockerHere['containers'][number]): DockerHere => ({ containers: [user], networks: [{ id: 'n1', name: 'n', owner }], volumes: [{ name: 'v', owner }] });
  const theirs = { id: 'c9', name: 'x', owner: null, networks: ['n'], volumes: ['v'] };
  expect(texts({ docker: docker(theirs), volumes: true })).toEqual([]);
  expect(texts({ docker: docker({ ...theirs, owner: { deploy_id: 'dpl_other', component: 'web' } }), volumes: true })).toEqual([]);
  expect(texts({ docker: docker({ ...theirs, owner }), volumes: true })).toEqual(['web: container x', 'web: network n', 'web: volume v']);
});

test('the other one of two slots of a component that stays is not a leftover', () => {
  const run = { type: 'systemd' as const, unit_name: 'web.service', command: '', working_directory: null, user: null, group: null, env: {}, restart: 'no' as const, restart_sec: 5, resources: { memory_bytes: null, cpus: null }, unit_text: '' };
  expect(texts({ owned: [owned('web', { units: ['web.service', 'web-green.service', 'other.service'] })], kept: [kept('web', { run })] })).toEqual(['web: unit other.service']);
  const slot = { id: 'c', name: 'web-green', owner: { deploy_id: mine, component: 'web' }, networks: [], volumes: [] };
  expect(texts({ docker: { ...nothing, containers: [slot] }, kept: [kept('web')] })).toEqual([]);
});

test('whoever depends on others goes before them', () => {
  const order = dependenciesFirst(new Map([['web', ['api']], ['api', ['db']], ['db', []]]));
  expect(order).toEqual(['db', 'api', 'web']);
  const all = ['db', 'web', 'api', 'stray'].map((component) => owned(component, { files: [`/etc/${component}`] }));
  expect(placementRemovals(question({ owned: all, order })).map(({ component }) => component)).toEqual(['stray', 'web', 'api', 'db']);
});

test('an order has every component once, what it depends on first, and an end where they go in circles', () => {
  const graph = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')));
  fc.assert(fc.property(graph, (edges) => {
    const order = dependenciesFirst(new Map(Object.entries(edges)));
    expect(new Set(order).size).toBe(order.length);
    for (const component of Object.keys(edges)) expect(order).toContain(component);
  }));
});

test('a diff shows each removal, and that what runs goes down', () => {
  const [removal] = placementRemovals(question({ owned: [owned('web', { units: ['web.service'], files: ['/etc/a'] })] }));
  expect(removal && removalPlan(removal)).toMatchObject({ action: 'remove', downtime: true, reasons: ['removes the unit web.service', 'removes the file /etc/a'], fields: [{ from: 'web.service', to: null }, { from: '/etc/a', to: null }] });
});

describe('whatever there is on a host', () => {
  const name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'web', 'db');
  const owner = fc.option(fc.record({ deploy_id: fc.constantFrom(mine, 'dpl_other'), component: fc.constantFrom(...components) }));
  const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 5 });
  const path = name.map((one) => `/etc/${one}`);
  const docker = fc.record({
    containers: fc.uniqueArray(fc.record({ id: fc.nat(20).map((id) => `c${id}`), name, owner, networks: list(name), volumes: list(name) }), { selector: ({ id }) => id, maxLength: 6 }),
    networks: fc.uniqueArray(fc.record({ id: fc.nat(20).map((id) => `n${id}`), name, owner }), { selector: ({ name: one }) => one, maxLength: 5 }),
    volumes: fc.uniqueArray(fc.record({ name, owner }), { selector: ({ name: one }) => one, maxLength: 5 }),
  });
  const tree = fc.record({ dest: name.map((one) => `/srv/${one}`), strategy: fc.constantFrom('overwrite' as const, 'atomic' as const), releases: fc.constant<string[]>([]), files: list(name) });
  const record = (component: string) => fc.record({ component: fc.constant(component), units: list(name.map((one) => `${one}.service`)), files: list(path), trees: list(tree), links: list(name.map((one) => `/opt/${one}`)) });
  const records = fc.tuple(...components.map(record)).chain((all) => fc.subarray(all));
  const placement = (component: string) => fc.record({ networks: list(name), volumes: list(name), files: list(path), container: name }).map(({ networks, volumes, files, container }) => {
    const one = kept(component, { files: files.map(file) });
    return one.run.type === 'docker' ? { ...one, run: { ...one.run, networks, container_name: container, volumes: volumes.map((source) => ({ kind: 'volume' as const, source, target: '/x', read_only: false })) } } : one;
  });
  const placements = fc.tuple(...components.map(placement)).chain((all) => fc.subarray(all));
  const anything = fc.record({ deploy_id: fc.constant(mine), owned: records, docker, kept: placements, order: fc.subarray([...components]), volumes: fc.boolean() });

  const all = (of: PruneQuestion): { component: string; removal: Removal }[] => placementRemovals(of).flatMap(({ component, removals }) => removals.map((removal) => ({ component, removal })));

  test('nothing is named that this deploy has no mark on', () => {
    fc.assert(fc.property(anything, (of) => {
      for (const { component, removal } of all(of)) {
        const journal = of.owned.find((one) => one.component === component);
        const isOwn = (candidates: readonly { name: string; owner: { deploy_id: string; component: string } | null }[], wanted: string): boolean => candidates.some((one) => one.name === wanted && one.owner?.deploy_id === mine && one.owner.component === component);
        if (removal.op === 'remove_container') expect(of.docker.containers.find(({ id }) => id === removal.id)?.owner).toEqual({ deploy_id: mine, component });
        if (removal.op === 'remove_network') expect(isOwn(of.docker.networks, removal.name)).toBe(true);
        if (removal.op === 'remove_volume') expect(isOwn(of.docker.volumes, removal.name)).toBe(true);
        if (removal.op === 'remove_unit') expect(journal?.units).toContain(removal.unit);
        if (removal.op === 'remove_file') expect(journal?.files).toContain(removal.path);
        if (removal.op === 'remove_link') expect(journal?.links).toContain(removal.path);
        if (removal.op === 'remove_tree') expect(journal?.trees.some(({ dest, files }) => dest === removal.dest && removal.files.every((one) => files.includes(one)))).toBe(true);
      }
    }), { numRuns: 500 });
  });

  test('nothing of what stays is named, and no volume that was not asked for', () => {
    fc.assert(fc.property(anything, (of) => {
      const files = new Set(of.kept.flatMap((one) => one.files.map((wanted) => wanted.path)));
      const runs = of.kept.flatMap(({ run }) => (run.type === 'docker' ? [run] : []));
      for (const { removal } of all(of)) {
        if (removal.op === 'remove_file') expect(files.has(removal.path)).toBe(false);
        if (removal.op === 'remove_tree') expect(removal.files.some((one) => files.has(`${removal.dest}/${one}`))).toBe(false);
        if (removal.op === 'remove_container') expect(runs.some(({ container_name: name }) => name === removal.name)).toBe(false);
        if (removal.op === 'remove_network') expect(runs.some(({ networks }) => networks.includes(removal.name))).toBe(false);
        if (removal.op === 'remove_volume') expect([of.volumes, runs.some(({ volumes }) => volumes.some(({ source }) => source === removal.name))]).toEqual([true, false]);
      }
    }), { numRuns: 500 });
  });

  test('a component that is placed here is never forgotten, and one that has left something always is', () => {
    fc.assert(fc.property(anything, (of) => {
      const found = placementRemovals(of);
      for (const { component, whole } of found) expect(whole).toBe(!of.kept.some((one) => one.component === component));
      for (const { component } of of.owned) if (!of.kept.some((one) => one.component === component)) expect(found.some((one) => one.component === component)).toBe(true);
    }), { numRuns: 300 });
  });

  test('asked again after it was done, there is nothing left to do', () => {
    fc.assert(fc.property(anything, (of) => {
      const gone = new Set(all(of).flatMap(({ removal }) => (removal.op === 'remove_container' ? [removal.id] : removal.op === 'remove_network' ? [removal.id] : removal.op === 'remove_volume' ? [`v ${removal.name}`] : [])));
      const whole = new Set(placementRemovals(of).filter((one) => one.whole).map(({ component }) => component));
      const left = new Map(placementRemovals(of).map(({ component, removals }) => [component, new Set(removals.map(removalText))]));
      const stays = (component: string, removal: Removal): boolean => left.get(component)?.has(removalText(removal)) !== true;
      const after: PruneQuestion = {
        ...of,
        docker: { containers: of.docker.containers.filter(({ id }) => !gone.has(id)), networks: of.docker.networks.filter(({ id }) => !gone.has(id)), volumes: of.docker.volumes.filter(({ name: one }) => !gone.has(`v ${one}`)) },
        owned: of.owned.filter(({ component }) => !whole.has(component)).map((one) => ({
          ...one, units: one.units.filter((unit) => stays(one.component, { op: 'remove_unit', unit })), files: one.files.filter((wanted) => stays(one.component, { op: 'remove_file', path: wanted })),
          links: one.links.filter((wanted) => stays(one.component, { op: 'remove_link', path: wanted })), trees: one.trees.filter((wanted) => stays(one.component, { op: 'remove_tree', ...wanted })),
        })),
      };
      expect(all(after)).toEqual([]);
    }), { numRuns: 500 });
  });
});
