/** When what runs is told to reload: only when every change is of a kind that asks for it, and can be seen without a start. */
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { sha256Hex } from '../../spec/hash.js';
import { planHost } from '../../spec/plan-host.js';
import { canReload } from '../../spec/reload.js';
import { resolvePlacement } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { parsed, plainDigest, small } from './marked.js';
import { dockerOf, hostsFor, placements, withHash } from './planned-world.js';

const facts = { docker: true, systemd: true, missing: [] };
const file = (path: string, origin: 'template' | 'file' | 'environment', strategy: 'atomic' | 'overwrite' = 'atomic'): DesiredPlacement['files'][number] =>
  ({ path, origin, strategy, sha256: sha256Hex(path), size: 1, mode: 0o644, owner: null, group: null });
const tree = (dest: string, strategy: 'atomic' | 'overwrite' | 'atomic_symlink'): DesiredPlacement['trees'][number] => ({ dest, strategy, tree_hash: '', owner: null, group: null, files: [{ path: 'a.html', sha256: '', size: 1, mode: 0o644 }] });
const base = withHash({
  deploy_id: 'd', project: 'p', component: 'web', host: 'h', component_directory: '/opt/web', source: null, build: [], healthcheck: null,
  run: { type: 'docker', image: 'x', pull_policy: 'never', container_name: 'web', ports: [], volumes: [], env: {}, networks: [], restart: 'no', command: null, resources: { memory_bytes: null, cpus: null }, reload_command: ['reload'] },
  files: [file('/etc/app/t', 'template'), file('/etc/app/f', 'file'), file('/etc/app/o', 'file', 'overwrite'), file('/etc/app/e', 'environment')],
  trees: [tree('/srv/link', 'atomic_symlink'), tree('/srv/plain', 'atomic'), tree('/srv/over', 'overwrite')],
});
const mounting = (source: string): DesiredPlacement => ({ ...base, reload_on: ['code', 'config', 'content'], run: { ...dockerOf(base), volumes: [{ kind: 'bind', source, target: '/x', read_only: true }] } });

const write = (path: string) => ({ op: 'write_file' as const, path });
const writeTree = (dest: string) => ({ op: 'write_tree' as const, dest });
const flip = { op: 'switch_release' as const, path: '/opt/web' };

test.each([
  ['a template', write('/etc/app/t'), 'config'], ['a file', write('/etc/app/f'), 'content'], ['a folder', writeTree('/srv/link'), 'content'], ['a release', flip, 'code'],
] as const)('%s is brought in by a reload where its kind is hot, and only there', (_, change, trigger) => {
  expect(canReload({ ...base, reload_on: [trigger] }, [change])).toBe(true);
  expect(canReload({ ...base, reload_on: (['code', 'config', 'content'] as const).filter((other) => other !== trigger) }, [change])).toBe(false);
  expect(canReload(base, [change])).toBe(false);
  expect(canReload({ ...base, reload_on: [trigger] }, [change, write('/etc/app/e')])).toBe(false);
});

test('an environment never is, and nothing needs none', () => {
  expect(canReload(mounting('/etc/app'), [write('/etc/app/e')])).toBe(false);
  expect(canReload(mounting('/etc/app'), [])).toBe(false);
});

test.each([
  ['/etc/app/t', write('/etc/app/t'), false], ['/etc/app', write('/etc/app/t'), true], ['/etc/app/o', write('/etc/app/o'), true],
  ['/srv/link', writeTree('/srv/link'), true], ['/srv/link/current', writeTree('/srv/link'), false], ['/srv/link/current/sub', writeTree('/srv/link'), false],
  ['/srv/plain', writeTree('/srv/plain'), true], ['/srv/plain/a.html', writeTree('/srv/plain'), false], ['/srv/over/a.html', writeTree('/srv/over'), true],
  ['/opt/web', flip, false], ['/opt/web/dist', flip, false], ['/opt', flip, true], ['/opt/website', flip, true],
] as const)('with %s mounted, %j is seen: %s', (source, change, seen) => {
  expect(canReload(mounting(source), [change])).toBe(seen);
});

describe('the plan', () => {
  const worlds = placements.chain((desired) => fc.tuple(fc.constant(desired), hostsFor(desired)));
  test('says downtime only where something that runs is stopped before another one serves', () => {
    fc.assert(fc.property(worlds, ([desired, host]) => {
      const [plan] = planHost([desired], [host], facts);
      const ops = plan?.operations.map(({ op }) => op) ?? [];
      const without = ['switch_container', 'reload_container', 'reload_unit', 'publish_ports'];
      if (ops.some((op) => without.includes(op)) && !ops.some((op) => op === 'restart_unit' || op === 'restart_container')) expect(plan?.downtime).toBe(false);
      if (desired.deploy_mode !== undefined && desired.run.type === 'docker') expect([ops.includes('replace_container'), ops.includes('restart_container'), plan?.downtime]).toEqual([false, false, false]);
      if (desired.deploy_mode === undefined) expect(ops).not.toContain('switch_container');
      if (plan?.action === 'reload') expect([plan.restart, plan.downtime]).toEqual([false, false]);
    }), { numRuns: 1000 });
  });
});

describe('a mode', () => {
  function resolved(component: string, run: string): { placement: DesiredPlacement; told: string[] } {
    const text = small({ component: component === '' ? '' : `    ${component}\n`, run });
    const { components } = parsed(run.includes('systemd') ? text.replace('    source: { type: docker, image: nginx }\n', '') : text);
    const problems: Problem[] = [];
    const [web] = Object.values(components);
    if (web === undefined) throw new Error('no component');
    const placement = resolvePlacement({ deployId: 'd', project: 'p', version: 1, host: 'h1', componentId: 'web', component: web, bundle: [], templates: [], digest: plainDigest }, (problem) => problems.push(problem));
    return { placement, told: problems.map(({ path, code }) => `${path.join('.')}${code === undefined ? '' : ` ${code}`}`) };
  }
  test.each<[string, string, Partial<DesiredPlacement>, string[]]>([
    ['', 'type: docker', {}, []],
    ['deploy_mode: hot', 'type: docker', { deploy_mode: 'hot' }, []],
    ['deploy_mode: blue_green', 'type: docker, networks: [host]', {}, ['deploy_mode unsupported_feature']],
    ['deploy_mode: blue_green', 'type: docker, ports: ["[::1]:80:80"]', {}, ['run.ports unsupported_feature']],
    ['reload_triggers: { config: hot }', 'type: docker', {}, ['reload_triggers.config']],
    ['reload_triggers: { config: hot }', 'type: docker, reload_command: nginx -s "re load"', { reload_on: ['config'] }, []],
    ['reload_triggers: { dependencies: hot }', 'type: docker', {}, ['reload_triggers.dependencies']],
    ['reload_triggers: { dependencies: hot }', 'type: docker, reload_command: nginx -s reload', { reload_on: ['dependencies'] }, []],
    ['deploy_mode: hot\n    reload_triggers: { dependencies: hot }', 'type: systemd, command: /bin/a, reload_command: /bin/b', { deploy_mode: 'hot', reload_on: ['code', 'config', 'content', 'dependencies'] }, []],
    ['deploy_mode: hot', 'type: systemd, command: /bin/a', {}, ['deploy_mode']],
    ['deploy_mode: hot', 'type: systemd, command: /bin/a, reload_command: /bin/b', { deploy_mode: 'hot', reload_on: ['code', 'config', 'content'] }, []],
    ['', 'type: systemd, command: /bin/a, reload_command: "/bin/b \\\\"', {}, ['run.reload_command']],
    ['', 'type: docker, reload_command: "a \\"b"', {}, ['run.reload_command']],
  ])('%s of { %s }', (component, run, expected, problems) => {
    const { placement, told } = resolved(component, run);
    expect(told).toEqual(problems);
    if (problems.length === 0) expect({ deploy_mode: placement.deploy_mode, reload_on: placement.reload_on }).toEqual({ deploy_mode: undefined, reload_on: undefined, ...expected });
  });
  test('and a trigger leave the hash as it is, which is about the end and not the way; a reload command of a unit is in its file', () => {
    expect(resolved('deploy_mode: hot', 'type: docker').placement.hash).toBe(resolved('', 'type: docker').placement.hash);
    const { run } = resolved('', 'type: systemd, command: /bin/a, reload_command: /bin/b 100%').placement;
    expect(run.type === 'systemd' ? run.unit_text : '').toContain('ExecStart=/bin/a\nExecReload=/bin/b 100%%\n');
  });
});
