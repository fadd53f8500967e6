import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OwnedTree, readTree } from '../../host-worker/files/read-tree.js';
import { temporaryName } from '../../host-worker/files/write-file.js';
import { flip, nextRelease, pruneReleases, writeTree } from '../../host-worker/files/write-tree.js';
import type { DesiredTree } from '../../spec/desired.js';
import { tree } from './placements.js';

let dest: string;
beforeEach(async () => { dest = await mkdtemp(join(tmpdir(), 'tree-')); });
afterEach(async () => { await rm(dest, { recursive: true, force: true }); });

const site = (text: string): DesiredTree => tree(dest, { 'index.html': text, 'assets/app.js': `// ${text}`, 'assets/deep/a/b.txt': 'b' });

/** As an attempt does it: the journal is told of the release first. */
async function put(wanted: DesiredTree, owned: OwnedTree = { dest, strategy: wanted.strategy, releases: [], files: [] }): Promise<OwnedTree> {
  if (wanted.strategy !== 'atomic_symlink') {
    const claimed = { ...owned, files: [...new Set([...owned.files, ...wanted.files.map(({ path }) => path)])] };
    await writeTree(wanted, null, claimed);
    return { ...claimed, files: wanted.files.map(({ path }) => path) };
  }
  const release = await nextRelease(wanted);
  const claimed = { ...owned, releases: [...owned.releases.filter((name) => name !== release), release] };
  await writeTree(wanted, release, claimed);
  return { ...claimed, releases: await pruneReleases(claimed) };
}

describe('a tree behind a link', () => {
  it('is complete before it shows, and reads as what was asked for', async () => {
    const wanted = site('one');
    const owned = await put(wanted);
    expect(await readlink(join(dest, 'current'))).toBe(`releases/${wanted.tree_hash}`);
    expect(await readFile(join(dest, 'current/assets/deep/a/b.txt'), 'utf8')).toBe('b');
    expect(await readTree(wanted, owned)).toEqual({ dest, owned: true, kind: 'tree', tree_hash: wanted.tree_hash });
    expect((await stat(join(dest, 'current/assets'))).mode & 0o777).toBe(0o755);
  });

  it('flips to the next release and never has no release in between', async () => {
    await put(site('one'));
    let missing = 0;
    let flipping = true;
    const reader = (async () => {
      while (flipping) await readFile(join(dest, 'current/index.html')).catch(() => { missing += 1; });
    })();
    let owned: OwnedTree | undefined;
    for (let round = 0; round < 12; round += 1) owned = await put(site(`round ${String(round % 4)}`), owned);
    flipping = false;
    await reader;
    expect(missing).toBe(0);
  });

  it('keeps the last five of its own, the current one, and everybody else\'s', async () => {
    await mkdir(join(dest, 'releases', 'by-hand'), { recursive: true });
    let owned: OwnedTree | undefined;
    for (let round = 0; round < 8; round += 1) owned = await put(site(`round ${String(round)}`), owned);
    const left = await readdir(join(dest, 'releases'));
    expect(left).toHaveLength(6);
    expect(left).toContain('by-hand');
    expect(owned?.releases).toEqual([3, 4, 5, 6, 7].map((round) => site(`round ${String(round)}`).tree_hash));
    expect(left).toContain((await readlink(join(dest, 'current'))).replace('releases/', ''));
  });

  it('goes back to a release that is still there without writing it again', async () => {
    const first = site('one');
    let owned = await put(first);
    const before = await stat(join(dest, 'releases', first.tree_hash));
    owned = await put(site('two'), owned);
    owned = await put(first, owned);
    expect((await stat(join(dest, 'releases', first.tree_hash))).ino).toBe(before.ino);
    expect(owned.releases.at(-1)).toBe(first.tree_hash);
  });

  it('that was changed by hand shows, and is made anew beside the damaged one', async () => {
    const wanted = site('one');
    let owned = await put(wanted);
    await writeFile(join(dest, 'current/index.html'), 'tampered');
    expect((await readTree(wanted, owned)).tree_hash).not.toBe(wanted.tree_hash);
    owned = await put(wanted, owned);
    expect(await readlink(join(dest, 'current'))).toBe(`releases/${wanted.tree_hash}.1`);
    expect(await readTree(wanted, owned)).toMatchObject({ tree_hash: wanted.tree_hash });
    await writeFile(join(dest, 'current/extra.txt'), 'added');
    expect((await readTree(wanted, owned)).tree_hash).not.toBe(wanted.tree_hash);
  });

  it('with a link in it has no hash', async () => {
    const wanted = site('one');
    const owned = await put(wanted);
    await symlink('/etc/passwd', join(dest, 'current/link'));
    expect(await readTree(wanted, owned)).toMatchObject({ kind: 'tree', tree_hash: null });
  });

  it('removes the half of a release that a kill left behind', async () => {
    const wanted = site('one');
    const half = join(dest, 'releases', temporaryName(wanted.tree_hash));
    await mkdir(half, { recursive: true });
    await writeFile(join(half, 'index.html'), 'half');
    await put(wanted);
    expect(await readdir(join(dest, 'releases'))).toEqual([wanted.tree_hash]);
    expect(await readFile(join(dest, 'current/index.html'), 'utf8')).toBe('one');
  });

  it('can be flipped back, also to nothing', async () => {
    const owned = await put(site('one'));
    const previous = await readlink(join(dest, 'current'));
    await put(site('two'), owned);
    await flip(dest, previous);
    await flip(dest, previous);
    expect(await readFile(join(dest, 'current/index.html'), 'utf8')).toBe('one');
    await flip(dest, null);
    await flip(dest, null);
    expect(await readTree(site('one'), owned)).toMatchObject({ kind: 'missing', tree_hash: null });
  });

  it.each([
    ['a folder', () => mkdir(join(dest, 'current'))], ['a link out of it', () => symlink('/etc', join(dest, 'current'))],
    ['a link up', () => symlink('releases/../../x', join(dest, 'current'))], ['a link to another name', () => symlink('releases/by-hand', join(dest, 'current'))],
  ])('does not take %s for a release', async (_, make) => {
    await make();
    expect(await readTree(site('one'), null)).toEqual({ dest, owned: false, kind: 'other', tree_hash: null });
  });

  it('may be empty', async () => {
    const empty = tree(dest, {});
    expect(await readTree(empty, await put(empty))).toMatchObject({ kind: 'tree', tree_hash: empty.tree_hash });
  });
});

describe.each(['atomic', 'overwrite'] as const)('a tree in a shared folder (%s)', (strategy) => {
  const shared = (contents: Record<string, string>): DesiredTree => tree(dest, contents, { strategy });

  it('leaves the files of others, and takes away its own that are no longer wanted', async () => {
    await writeFile(join(dest, 'theirs.conf'), 'theirs');
    const owned = await put(shared({ 'a.conf': 'a', 'sub/b.conf': 'b' }));
    const next = shared({ 'a.conf': 'A' });
    expect((await readTree(next, owned)).tree_hash).not.toBe(next.tree_hash);
    const now = await put(next, owned);
    expect((await readdir(dest)).sort()).toEqual(['a.conf', 'sub', 'theirs.conf']);
    expect(await readdir(join(dest, 'sub'))).toEqual([]);
    expect(await readTree(next, now)).toEqual({ dest, owned: true, kind: 'tree', tree_hash: next.tree_hash });
    expect(await readFile(join(dest, 'theirs.conf'), 'utf8')).toBe('theirs');
  });

  it('is missing while none of its files is there, and foreign when one is', async () => {
    expect(await readTree(shared({ 'a.conf': 'a' }), null)).toMatchObject({ kind: 'missing' });
    await writeFile(join(dest, 'a.conf'), 'somebody\'s');
    expect(await readTree(shared({ 'a.conf': 'a' }), null)).toMatchObject({ kind: 'tree', owned: false });
    await rm(join(dest, 'a.conf'));
    await symlink('/etc/passwd', join(dest, 'a.conf'));
    expect(await readTree(shared({ 'a.conf': 'a' }), null)).toMatchObject({ kind: 'other' });
  });
});
