/** Paths that a document or somebody on the host has prepared: nothing is written, removed or given away but what was named. */
import { execFileSync } from 'node:child_process';
import { link, lstat, mkdir, readFile, realpath, rename, symlink, writeFile as writePlain } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Folder, removeAt } from '../../host-worker/files/folder.js';
import { pointLink } from '../../host-worker/files/link.js';
import { unsafeBecause, unsafeTreePath } from '../../host-worker/files/safe-path.js';
import { removeFile, temporaryName, writeFile } from '../../host-worker/files/write-file.js';
import { dropRelease, pruneReleases, writeTree } from '../../host-worker/files/write-tree.js';
import { MaestroError } from '../../spec/errors.js';
import { bundlePath, resolveDest } from '../../spec/resolve/paths.js';
import { file as desiredFile, placement, tree } from '../host-worker/placements.js';
import { placementsOf, validated } from '../rendering/bundle.js';
import { dropScene, makeScene, picture, type Scene } from './outside.js';
import { Racer } from './racer.js';
import { sample } from './sample.js';

let scene: Scene;
beforeEach(async () => { scene = await makeScene(); });
afterEach(() => dropScene(scene));

const state = '/var/lib/maestro';
const nobody = { uid: 65534, gid: 65534 };
const write = (path: string, strategy: 'atomic' | 'overwrite' = 'atomic'): Promise<void> => writeFile({ path, bytes: Buffer.from('written'), mode: 0o666, owner: nobody, strategy });
const told = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'done', (error: unknown) => error);

/** Refused by validation and by a host that is asked past it. */
const refused = [
  '..', '../x', '../../../../etc/passwd', 'a/../../x', './../x', 'a/b/../../../x', '/..', '/../etc/x', '/srv/../etc/x', '/srv/./../../x', '/srv/..', 'x/..', '/', '', '/srv/', '/srv/a\0b', '/srv/a\0/../../b',
  '/proc/self/root/etc/x', '/proc/self/cwd/x', '/proc/1/root/x', '/proc/self/fd/3', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc', '/sys/kernel/uevent_helper', '/sys/fs/cgroup/release_agent', '/dev/sda', '/dev/mem', '/dev/shm/x', '/dev/fd/3', '/dev/stdin', '/dev/tcp/127.0.0.1/1',
  '/var/lib/maestro/journal/placements/x.json', '/var/lib/maestro', '/var/lib/maestro/identity/key.pem', '/etc/maestro/host-worker.env', '/etc/maestro/units/x.env', '/opt/maestro-worker/worker.cjs', '/opt/maestro-host/current/worker.cjs', '/opt/maestro-host', '/opt/maestro/.releases/dpl_x/web/x', '/run/maestro-host/x', '/usr/local/bin/maestro-host',
  '/etc/systemd/system/maestro-host.service', '/etc/systemd/system/maestro-host.service.d/a.conf', '/etc/systemd/system/service.d/a.conf', '/etc/systemd/system.control/maestro-host.service.d/a.conf', '/run/systemd/system/x.service', '/var/lib/docker/overlay2/x', '/var/lib/containerd/x', `/srv/${'x'.repeat(256)}`,
];

/** Of names that only look like more, files are made that are called so. */
const names = ['~/x', '$HOME/x', '..\\..\\x', 'C:\\x', '....//x', '%2e%2e/x', '%2e%2e%2fx', '\u2024\u2024/x', '\uff0e\uff0e/x', '\u2025/x', '..\u200b/x', ' ../x', '.. /x', '... /x', '-rf', '--', '*', '?', '[a]', '{a,b}', '$(touch x)', '`x`', 'a b', 'a;b', '.maestro-tmp-x', '.', '\u202ex', 'x/proc/self/root/y', 'dev/null', 'e\u0301', '\u00e9'].filter((name) => name !== '.');

test('there are enough of them', () => { expect(refused.length + names.length + scenes.length).toBeGreaterThanOrEqual(100); });

test.each(refused)('%j is refused by validation, and by a host that is asked past it', async (dest) => {
  expect(resolveDest(dest, '/opt/maestro/web')).toBeNull();
  const path = dest.startsWith('/') ? dest : `/opt/maestro/web/${dest}`;
  const desired = placement({ files: [desiredFile(path, 'x')] });
  // The variables of units are files of a deploy, by their origin alone.
  if (!path.startsWith('/etc/maestro/units/')) expect(unsafeBecause(desired.files[0]?.path ?? '', state)).not.toBeNull();
  expect(dest !== '' && !dest.startsWith('/') ? unsafeTreePath(dest) : 'absolute or empty').not.toBeNull();
});

test.each(names)('%j is a file of that name, and nothing else', async (name) => {
  const before = await picture(scene.outside);
  const path = resolveDest(name, scene.named) ?? '';
  expect(unsafeBecause(path, state)).toBeNull();
  for (const strategy of ['atomic', 'overwrite'] as const) await write(path, strategy);
  expect([path.startsWith(`${scene.named}/`), await realpath(path), await readFile(path, 'utf8')]).toEqual([true, path, 'written']);
  expect(await picture(scene.outside)).toEqual(before);
});

test('sources, bundle paths and paths in containers do not climb either', async () => {
  for (const path of [...refused, ...names]) {
    const inBundle = bundlePath(path);
    if (inBundle !== null) expect([inBundle.startsWith('/'), inBundle.split('/').includes('..')]).toEqual([false, false]);
    for (const volume of [`${path}:/x`, `/srv/${path}:/x`, `data:/${path}`, `data:${path}`, `${path}:/x:ro`]) {
      const text = JSON.stringify({ api_version: 'maestro/v1', project: 'x', hosts: { h1: {} }, components: { c: { run: { type: 'docker', image: 'x', volumes: [volume] } } }, deployment: [{ host: 'h1', components: ['c'] }] });
      if (!(await validated(text)).ok) continue;
      for (const { run } of await placementsOf(text)) {
        const [mount] = run.type === 'docker' ? run.volumes : [];
        for (const used of mount === undefined ? [] : [mount.target, ...(mount.kind === 'bind' ? [mount.source] : [])]) expect([used.startsWith('/'), used.split('/').includes('..'), used.includes('\0')]).toEqual([true, false, false]);
      }
    }
  }
}, 60_000);

interface Prepared { name: string; prepare(scene: Scene): Promise<unknown> | unknown; act(scene: Scene): Promise<unknown>; ends: 'done' | 'refused' | 'either' }

const linked = (target: (scene: Scene) => string) => async (at: Scene) => symlink(target(at), join(at.named, 'link'));
const through = (name: string, target: (scene: Scene) => string, rest = 'x'): Prepared[] => (['atomic', 'overwrite'] as const).map((strategy) => ({ name: `${name} (${strategy})`, prepare: linked(target), act: ({ named }) => write(join(named, 'link', rest), strategy), ends: 'refused' }));
const at = (name: string, prepare: (path: string, scene: Scene) => Promise<unknown> | unknown, ends: { atomic: Prepared['ends']; overwrite: Prepared['ends'] }): Prepared[] =>
  (['atomic', 'overwrite'] as const).map((strategy) => ({ name: `${name} (${strategy})`, prepare: (all) => prepare(join(all.named, 'x'), all), act: ({ named }) => write(join(named, 'x'), strategy), ends: ends[strategy] }));
const planted = (name: string, prepare: (path: string, scene: Scene) => Promise<unknown> | unknown, ends: Prepared['ends']): Prepared => ({ name: `${name} where the draft of a file comes to stand`, prepare: (all) => prepare(join(all.named, temporaryName('x')), all), act: ({ named }) => write(join(named, 'x')), ends });

const site = ({ named }: Scene, over: Parameters<typeof tree>[2] = {}) => tree(join(named, 'site'), { 'index.html': 'written', 'deep/victim': 'written', victim: 'written' }, over);
const putTree = (all: Scene, over: Parameters<typeof tree>[2] = {}): Promise<void> => {
  const wanted = site(all, over);
  const strategy = wanted.strategy;
  return writeTree(wanted, strategy === 'atomic_symlink' ? wanted.tree_hash : null, { dest: wanted.dest, strategy, releases: [wanted.tree_hash], files: ['gone'] });
};
const inSite = (name: string, what: (path: string, all: Scene) => Promise<unknown> | unknown) => async (all: Scene) => {
  const path = join(all.named, 'site', name);
  await mkdir(dirname(path), { recursive: true });
  await what(path, all);
};
const toOutside = (path: string, { outside }: Scene): Promise<void> => symlink(outside, path);

const scenes: Prepared[] = [
  ...through('a parent that is a link', ({ outside }) => outside), ...through('a parent that is a link of a link', () => 'link2').map((one) => ({ ...one, prepare: async (all: Scene) => { await symlink(all.outside, join(all.named, 'link2')); await one.prepare(all); } })),
  ...through('a parent that is a relative link', () => '../outside'), ...through('a link further up', ({ outside }) => outside, 'deep/er/x'), ...through('a link to the root', () => '/', 'tmp/maestro-never/x'), ...through('a link to the root of a process', () => '/proc/self/root', 'tmp/maestro-never/x'), ...through('a link to an open folder', () => '/proc/self/fd', '0/x'), ...through('a link into itself', () => 'link'), ...through('a link to nothing', () => '../nothing'),
  ...at('a link to a file of somebody else', (path, { outside }) => symlink(join(outside, 'victim'), path), { atomic: 'refused', overwrite: 'refused' }), ...at('a link to nothing yet', (path, { outside }) => symlink(join(outside, 'new'), path), { atomic: 'refused', overwrite: 'refused' }),
  ...at('a hard link to a file of somebody else', (path, { outside }) => link(join(outside, 'victim'), path), { atomic: 'done', overwrite: 'refused' }), ...at('a hard link to a file of another user', (path, { outside }) => link(join(outside, 'deep', 'victim'), path), { atomic: 'done', overwrite: 'refused' }),
  ...at('a character device', (path) => execFileSync('mknod', [path, 'c', '1', '3']), { atomic: 'either', overwrite: 'refused' }), ...at('a pipe', (path) => execFileSync('mkfifo', [path]), { atomic: 'either', overwrite: 'refused' }), ...at('a folder', (path) => mkdir(path), { atomic: 'refused', overwrite: 'refused' }),
  ...at('a socket', (path) => new Promise<void>((resolve) => { const server = createServer().listen(path, () => { server.unref(); resolve(); }); }), { atomic: 'either', overwrite: 'refused' }),
  ...(['atomic', 'overwrite'] as const).map((strategy): Prepared => ({ name: `a file as a parent (${strategy})`, prepare: ({ named }) => writePlain(join(named, 'x'), ''), act: ({ named }) => write(join(named, 'x', 'y'), strategy), ends: 'refused' })),
  planted('a link', (path, { outside }) => symlink(join(outside, 'victim'), path), 'done'), planted('a hard link', (path, { outside }) => link(join(outside, 'victim'), path), 'done'), planted('a folder', (path) => mkdir(path), 'refused'), planted('a pipe', (path) => execFileSync('mkfifo', [path]), 'done'),
  { name: 'a tree over a link', prepare: inSite('x', async (path, all) => { await rename(dirname(path), `${dirname(path)}.aside`); await toOutside(dirname(path), all); }), act: putTree, ends: 'refused' },
  { name: 'a tree whose releases are a link', prepare: inSite('releases', toOutside), act: putTree, ends: 'refused' },
  { name: 'a tree whose current is a link elsewhere', prepare: inSite('current', toOutside), act: putTree, ends: 'done' },
  { name: 'a tree whose current is a folder', prepare: inSite('current/x', (path) => mkdir(path)), act: putTree, ends: 'refused' },
  { name: 'a tree whose release is a link', prepare: (all) => inSite(`releases/${site(all).tree_hash}`, toOutside)(all), act: putTree, ends: 'refused' },
  { name: 'a tree whose draft is a link', prepare: (all) => inSite(`releases/${temporaryName(site(all).tree_hash)}`, toOutside)(all), act: putTree, ends: 'done' },
  { name: 'a tree with a link in its draft', prepare: (all) => inSite(`releases/${temporaryName(site(all).tree_hash)}/deep`, toOutside)(all), act: putTree, ends: 'done' },
  ...(['atomic', 'overwrite'] as const).flatMap((strategy): Prepared[] => [
    { name: `a shared folder with a link in it (${strategy})`, prepare: inSite('deep', toOutside), act: (all) => putTree(all, { strategy }), ends: 'refused' },
    { name: `a shared folder with a link as a file (${strategy})`, prepare: inSite('victim', (path, { outside }) => symlink(join(outside, 'victim'), path)), act: (all) => putTree(all, { strategy }), ends: 'refused' },
    { name: `a shared folder whose old file is a link (${strategy})`, prepare: inSite('gone', toOutside), act: (all) => putTree(all, { strategy }), ends: 'done' },
  ]),
  { name: 'removing a link', prepare: linked(({ outside }) => join(outside, 'victim')), act: ({ named }) => removeFile(join(named, 'link')), ends: 'done' },
  { name: 'removing behind a link', prepare: linked(({ outside }) => outside), act: ({ named }) => removeFile(join(named, 'link', 'victim')), ends: 'refused' },
  { name: 'removing a folder that is a link', prepare: linked(({ outside }) => outside), act: ({ named }) => removeAt(join(named, 'link')), ends: 'done' },
  { name: 'removing a folder behind a link', prepare: linked(({ outside }) => outside), act: ({ named }) => removeAt(join(named, 'link', 'deep')), ends: 'refused' },
  { name: 'removing a folder with links in it', prepare: inSite('a/b/link', toOutside), act: ({ named }) => removeAt(join(named, 'site')), ends: 'done' },
  { name: 'removing a release that is a link', prepare: inSite('releases/r', toOutside), act: ({ named }) => dropRelease(join(named, 'site'), 'r'), ends: 'done' },
  { name: 'removing releases of which one is a link', prepare: inSite('releases/r0', toOutside), act: ({ named }) => pruneReleases({ dest: join(named, 'site'), strategy: 'atomic_symlink', files: [], releases: ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'] }), ends: 'done' },
  { name: 'removing releases that are behind a link', prepare: async (all) => { await mkdir(join(all.named, 'site')); await toOutside(join(all.named, 'site', 'releases'), all); }, act: ({ named }) => dropRelease(join(named, 'site'), 'deep'), ends: 'refused' },
  { name: 'a link of ours where a file is', prepare: ({ named }) => writePlain(join(named, 'x'), ''), act: ({ named, outside }) => pointLink(join(named, 'x'), outside), ends: 'refused' },
  { name: 'a link of ours behind a link', prepare: linked(({ outside }) => outside), act: ({ named }) => pointLink(join(named, 'link', 'x'), '/etc'), ends: 'refused' },
  { name: 'a link of ours whose draft is a link', prepare: ({ named, outside }) => symlink(outside, join(named, temporaryName('x'))), act: ({ named }) => pointLink(join(named, 'x'), 'y'), ends: 'done' },
];

test.each(scenes)('$name: nothing is done but what was named', async ({ prepare, act, ends }) => {
  await prepare(scene);
  const before = await picture(scene.outside);
  const end = await told(act(scene));
  if (ends !== 'either') expect(ends === 'done' ? end : end instanceof MaestroError).toBe(ends === 'done' ? 'done' : true);
  expect(await picture(scene.outside)).toEqual(before);
  await expect(lstat('/tmp/maestro-never')).rejects.toThrow('ENOENT');
});

const raceTimeoutMs = 300_000;

describe('a folder that is a link every other moment', () => {
  const rounds = sample(Array.from({ length: 1_000 }, (_, index) => index), 150);

  /** Acts for as long as it takes until both have been met: a folder, and a link. */
  async function race(swapped: string, act: (round: number) => Promise<unknown>): Promise<{ done: number; refused: number }> {
    const racer = await Racer.start(join(scene.named, swapped), scene.outside);
    const counts = { done: 0, refused: 0 };
    try {
      for (const round of rounds) counts[(await told(act(round))) === 'done' ? 'done' : 'refused'] += 1;
      for (let more = 0; more < 20_000 && (counts.done === 0 || counts.refused === 0); more += 1) counts[(await told(act(more))) === 'done' ? 'done' : 'refused'] += 1;
    } finally {
      await racer.stop();
    }
    return counts;
  }
  const path = (...parts: string[]): string => join(scene.named, ...parts);

  it.each<[string, string, (round: number) => Promise<unknown>]>([
    ['a file', 'swapped', () => write(path('swapped', 'victim'))], ['a file that is overwritten', 'swapped', () => write(path('swapped', 'victim'), 'overwrite')], ['a new file', 'swapped', (round) => write(path('swapped', `new-${String(round)}`))], ['a file further below', 'swapped', () => write(path('swapped', 'deep', 'victim'))],
    ['a link of ours', 'swapped', () => pointLink(path('swapped', 'link'), '/etc')], ['a removal', 'swapped', () => removeFile(path('swapped', 'victim'))],
    ['a tree', 'swapped', () => writeTree(tree(path('swapped'), { 'deep/victim': 'written' }), treeHashOf(), { dest: path('swapped'), strategy: 'atomic_symlink', releases: [], files: [] })],
    ['a shared tree', 'swapped', () => writeTree(tree(path('swapped'), { victim: 'written', 'deep/victim': 'written' }, { strategy: 'atomic' }), null, { dest: path('swapped'), strategy: 'atomic', releases: [], files: ['gone'] })],
  ])('%s', async (_, swapped, act) => {
    const before = await picture(scene.outside);
    const { done, refused: turnedAway } = await race(swapped, act);
    expect(await picture(scene.outside)).toEqual(before);
    expect([done > 0, turnedAway > 0]).toEqual([true, true]);
  }, raceTimeoutMs);
  const treeHashOf = (): string => tree(path('swapped'), { 'deep/victim': 'written' }).tree_hash;

  it('a folder that is taken away with all that is below', async () => {
    const before = await picture(scene.outside);
    for (const round of rounds) {
      const folder = path(`gone-${String(round)}`);
      await mkdir(join(folder, 'swapped', 'deep', 'er'), { recursive: true });
      for (let index = 0; index < 5; index += 1) await writePlain(join(folder, 'swapped', 'deep', String(index)), '');
      const racer = await Racer.start(join(folder, 'swapped'), scene.outside);
      await told(removeAt(folder));
      await racer.stop();
      await Folder.use(scene.named, 'fail', (named) => named.remove(`gone-${String(round)}`));
    }
    expect(await picture(scene.outside)).toEqual(before);
  }, raceTimeoutMs);

  it('bites: who writes by the path alone is led outside', async () => {
    const before = await picture(scene.outside);
    const racer = await Racer.start(path('swapped'), scene.outside);
    for (let round = 0; round < 20_000 && (await readFile(join(scene.outside, 'victim'), 'utf8')) !== 'led outside'; round += 1) await writePlain(path('swapped', 'victim'), 'led outside').catch(() => undefined);
    await racer.stop();
    expect(await picture(scene.outside)).not.toEqual(before);
  }, raceTimeoutMs);
});
