import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Folder } from '../../host-worker/files/folder.js';
import { groupId, ownerIds, ownerNames, userId } from '../../host-worker/files/owners.js';
import { observeFiles } from '../../host-worker/observe/files.js';
import { writeFile } from '../../host-worker/files/write-file.js';
import { file } from './placements.js';

describe('owners', () => {
  it('are found by name, and numbers are taken as they are', async () => {
    expect(await ownerIds('root', 'root')).toEqual({ uid: 0, gid: 0 });
    expect(await ownerIds(null, null)).toEqual({ uid: null, gid: null });
    expect([await userId('4711'), await groupId('4711')]).toEqual([4711, 4711]);
  });

  it.each(['', 'root:x', '--help', 'x; touch /tmp/canary', '$(id)', 'a b', 'x\ny'])('that do not exist and are no plain name (%j) are not put into a command that people would copy', async (name) => {
    await expect(userId(name)).rejects.toMatchObject({ code: 'dependency_missing', details: { missing_dependency: `user:${name}` }, message: `the user ${JSON.stringify(name)} does not exist on this host`, fix: 'Name another user.' });
    await expect(groupId(name)).rejects.toMatchObject({ code: 'dependency_missing', fix: 'Name another group.' });
  });

  it.each(['no-such-user', 'ro', '1x', 'svc_web.1$'])('that do not exist (%j) are a missing dependency, with the line that makes them', async (name) => {
    await expect(userId(name)).rejects.toMatchObject({ code: 'dependency_missing', details: { missing_dependency: `user:${name}` }, fix: expect.stringContaining('useradd') });
    await expect(groupId(name)).rejects.toMatchObject({ code: 'dependency_missing', fix: expect.stringContaining('groupadd') });
  });

  it('have names again, or a number when nobody knows one', async () => {
    const names = await ownerNames([{ uid: 0, gid: 0 }, { uid: 987_654, gid: 987_653 }]);
    expect([names.user(0), names.group(0), names.user(987_654), names.group(987_653)]).toEqual(['root', 'root', '987654', '987653']);
  });

  it('of a file are told as the document gives them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'owners-'));
    const path = join(folder, 'x');
    await writeFile({ path, bytes: Buffer.from('x'), mode: 0o640, owner: { uid: null, gid: null }, strategy: 'atomic' });
    const me = userInfo();
    const seen = async (owner: string | null) => (await observeFiles([file(path, 'x', { owner })], new Set([path])))[0];
    expect(await seen(me.username)).toMatchObject({ kind: 'file', owner: me.username, mode: 0o640, owned: true });
    expect(await seen(String(me.uid))).toMatchObject({ owner: String(me.uid) });
    expect(await seen(null)).toMatchObject({ owner: me.username });
    expect(await observeFiles([file(join(folder, 'none'), 'x'), file(folder, 'x')], new Set())).toEqual([
      { path: join(folder, 'none'), kind: 'missing', sha256: null, mode: null, owner: null, group: null, owned: false },
      { path: folder, kind: 'other', sha256: null, mode: null, owner: null, group: null, owned: false },
    ]);
    await rm(folder, { recursive: true });
  });
});

describe('a folder held open', () => {
  let root: string;
  beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'folder-')); });
  afterEach(async () => { await rm(root, { recursive: true, force: true }); });

  it('stays the one that was checked, even when somebody puts a link in its place', async () => {
    await mkdir(join(root, 'app'));
    await mkdir(join(root, 'secret'));
    await Folder.use(join(root, 'app'), 'fail', async (folder) => {
      await rename(join(root, 'app'), join(root, 'moved'));
      await symlink('secret', join(root, 'app'));
      const { writeFile: writePlain } = await import('node:fs/promises');
      await writePlain(folder.entry('x'), 'written');
    });
    expect(await readFile(join(root, 'moved', 'x'), 'utf8')).toBe('written');
    await expect(stat(join(root, 'secret', 'x'))).rejects.toThrow();
  });

  it('is made only when asked to, and by two at once without trouble', async () => {
    await expect(Folder.use(join(root, 'a/b'), 'fail', async () => 'in')).rejects.toMatchObject({ code: 'ENOENT' });
    const both = await Promise.all([1, 2, 3, 4].map(() => Folder.use(join(root, 'a/b/c'), 'create', async (folder) => folder.path)));
    expect(new Set(both)).toEqual(new Set([join(root, 'a/b/c')]));
  });

  it('is let go of, whatever happens in it', async () => {
    const { readdir } = await import('node:fs/promises');
    const before = (await readdir('/proc/self/fd')).length;
    for (let round = 0; round < 20; round += 1) {
      await Folder.use(root, 'fail', () => Promise.reject(new Error('no'))).catch(() => undefined);
      await Folder.use(join(root, 'none', 'deeper'), 'fail', async () => undefined).catch(() => undefined);
      await Folder.use(root, 'fail', async (folder) => folder.sync());
    }
    expect((await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(before + 2);
  });

  it('hands on owners only where one is asked for', async () => {
    const before = await stat(root);
    await Folder.use(root, 'fail', (folder) => folder.chown(null, null));
    expect((await stat(root)).uid).toBe(before.uid);
  });
});
