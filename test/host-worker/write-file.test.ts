import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, mkdtemp, open, readdir, readFile, readlink, rm, stat, symlink, writeFile as writePlain } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { contentOf } from '../../host-worker/files/content.js';
import { readFileAt, sha256Of } from '../../host-worker/files/read-file.js';
import { removeFile, temporaryName, writeFile } from '../../host-worker/files/write-file.js';
import { forgetPrevious, keepPrevious, restorePrevious } from '../../host-worker/journal/previous.js';
import { runProgram } from '../../host-worker/run-program.js';
import { file } from './placements.js';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'files-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

type Strategy = 'overwrite' | 'atomic';
const strategies: Strategy[] = ['overwrite', 'atomic'];
const write = (name: string, text: string, strategy: Strategy = 'atomic', mode = 0o640) =>
  writeFile({ path: join(folder, name), bytes: Buffer.from(text), mode, owner: { uid: null, gid: null }, strategy });
const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o7777;

describe.each(strategies)('writing a file (%s)', (strategy) => {
  it('makes it with its mode, whatever the umask, and its missing folders with 0755', async () => {
    const umask = process.umask(0o077);
    try {
      await write('a/b/app.conf', 'text', strategy, 0o664);
    } finally {
      process.umask(umask);
    }
    expect(await readFile(join(folder, 'a/b/app.conf'), 'utf8')).toBe('text');
    expect([await modeOf('a/b/app.conf'), await modeOf('a'), await modeOf('a/b')]).toEqual([0o664, 0o755, 0o755]);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['app.conf']);
  });

  it.each([0o600, 0o755, 0o4755, 0o2770, 0o1777, 0o000])('sets mode %o on an existing file', async (mode) => {
    await write('x', 'old', strategy, 0o644);
    await write('x', 'new', strategy, mode);
    expect(await modeOf('x')).toBe(mode);
    await chmod(join(folder, 'x'), 0o600);
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('new');
  });

  it('has exactly the new content, whatever the old one was', async () => {
    const bytes = fc.uint8Array({ maxLength: 5000 });
    await fc.assert(fc.asyncProperty(bytes, bytes, async (before, after) => {
      const path = join(folder, 'x');
      for (const content of [before, after]) await writeFile({ path, bytes: content, mode: 0o600, owner: { uid: null, gid: null }, strategy });
      expect(Buffer.compare(await readFile(path), Buffer.from(after))).toBe(0);
    }), { numRuns: 60 });
  });

  it('refuses a symbolic link at the path and leaves what it points to', async () => {
    await writePlain(join(folder, 'target'), 'precious');
    await symlink('target', join(folder, 'x'));
    await expect(write('x', 'new', strategy)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('symbolic link') });
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('precious');
    expect(await readlink(join(folder, 'x'))).toBe('target');
  });

  it('refuses a symbolic link among the parents, also one that points to a folder', async () => {
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    await expect(write('link/x', 'new', strategy)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(join(folder, 'link')) });
    expect(await readdir(join(folder, 'real'))).toEqual([]);
  });

  it('refuses a parent that is a file, and a path that is a folder', async () => {
    await writePlain(join(folder, 'plain'), '');
    await mkdir(join(folder, 'sub'));
    await expect(write('plain/x', 'new', strategy)).rejects.toMatchObject({ code: 'conflict' });
    await expect(write('sub', 'new', strategy)).rejects.toMatchObject({ code: 'runtime_error' });
    expect((await readdir(folder)).sort()).toEqual(['plain', 'sub']);
  });
});

describe('overwrite', () => {
  it('keeps the inode, so that open handles see the new content', async () => {
    await write('x', 'the old and longer content', 'overwrite');
    const reader = await open(join(folder, 'x'), 'r');
    const before = await stat(join(folder, 'x'));
    await write('x', 'short', 'overwrite');
    expect((await stat(join(folder, 'x'))).ino).toBe(before.ino);
    expect((await reader.readFile()).toString()).toBe('short');
    await reader.close();
  });
  it('refuses a file that has another name elsewhere, and a pipe', async () => {
    await write('x', 'old', 'overwrite', 0o600);
    await link(join(folder, 'x'), join(folder, 'other-name'));
    await expect(write('x', 'new', 'overwrite', 0o666)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('hard link') });
    expect([await readFile(join(folder, 'other-name'), 'utf8'), (await stat(join(folder, 'x'))).mode & 0o777]).toEqual(['old', 0o600]);
    await write('x', 'new', 'atomic');
    expect([await readFile(join(folder, 'other-name'), 'utf8'), await readFile(join(folder, 'x'), 'utf8')]).toEqual(['old', 'new']);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(write('pipe', 'new', 'overwrite')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('pipe') });
  });
});

describe('atomic', () => {
  it('never shows a reader a mixture or nothing', async () => {
    const versions = ['a', 'b'].map((letter) => letter.repeat(300_000));
    await write('x', versions[0] ?? '');
    let writing = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (writing) {
        const text = await readFile(join(folder, 'x'), 'utf8');
        seen.add(versions.includes(text) ? 'whole' : `torn at ${String(text.length)}`);
      }
    })();
    for (let round = 0; round < 40; round += 1) await write('x', versions[round % 2] ?? '');
    writing = false;
    await reader;
    expect([...seen]).toEqual(['whole']);
  });

  it('replaces the inode: who holds the old one keeps the old content', async () => {
    await write('x', 'old');
    const reader = await open(join(folder, 'x'), 'r');
    await write('x', 'new');
    expect((await reader.readFile()).toString()).toBe('old');
    await reader.close();
  });

  it('removes what an earlier kill left behind', async () => {
    await writePlain(join(folder, temporaryName('x')), 'half');
    await write('x', 'whole');
    expect(await readdir(folder)).toEqual(['x']);
  });

  it('takes names as long as the file system does', async () => {
    const name = 'n'.repeat(255);
    await write(name, 'text');
    expect(await readdir(folder)).toEqual([name]);
  });
});

describe('reading what is there', () => {
  it('tells files from what is not written over', async () => {
    await write('x', 'text', 'atomic', 0o604);
    await symlink('x', join(folder, 'link'));
    await mkdir(join(folder, 'sub'));
    await runProgram('mkfifo', [join(folder, 'pipe')], { timeoutMs: 5_000 });
    expect(await readFileAt(join(folder, 'x'))).toMatchObject({ kind: 'file', sha256: sha256Of(Buffer.from('text')), mode: 0o604 });
    for (const name of ['link', 'sub', 'pipe', 'x/below']) expect(await readFileAt(join(folder, name))).toEqual({ kind: 'other' });
    await write('sub/inner', 'text');
    await symlink('sub', join(folder, 'linked'));
    await symlink('nowhere', join(folder, 'dangling'));
    for (const name of ['linked/inner', 'linked/none', 'dangling', 'dangling/x']) expect(await readFileAt(join(folder, name))).toEqual({ kind: 'other' });
    for (const name of ['none', 'none/below']) expect(await readFileAt(join(folder, name))).toEqual({ kind: 'missing' });
  });

  it('is not misled by a file that is replaced all the time', async () => {
    await write('x', 'text');
    const stop = new AbortController();
    const replacing = (async () => { while (!stop.signal.aborted) await write('x', 'text'); })();
    for (let round = 0; round < 200; round += 1) expect((await readFileAt(join(folder, 'x'))).kind).toBe('file');
    stop.abort();
    await replacing;
  });

  it('never opens a device', async () => {
    expect(await readFileAt('/dev/zero')).toEqual({ kind: 'other' });
  });
});

describe('removing', () => {
  it('removes a file, and is content when it is gone', async () => {
    await write('x', 'text');
    await removeFile(join(folder, 'x'));
    await removeFile(join(folder, 'x'));
    await removeFile(join(folder, 'none', 'x'));
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the content that was sent', () => {
  it('has to be there and to have the hash that was announced', () => {
    const { content: _, ...without } = file('/etc/x', 'text');
    expect(contentOf(file('/etc/x', 'text')).toString()).toBe('text');
    expect(() => contentOf(without)).toThrow('sent no content for /etc/x');
    expect(() => contentOf({ ...file('/etc/x', 'text'), content: Buffer.from('other').toString('base64') })).toThrow('does not have the hash');
  });
});

describe('what was there before', () => {
  const kept = (): string => join(folder, 'kept');

  it.each(strategies)('comes back with content and mode (%s), once and again', async (strategy) => {
    await write('x', 'old', strategy, 0o604);
    const entry = await keepPrevious(kept(), join(folder, 'x'), strategy);
    await write('x', 'new', strategy, 0o600);
    for (let again = 0; again < 2; again += 1) {
      await restorePrevious(kept(), entry);
      expect(await readFile(join(folder, 'x'), 'utf8')).toBe('old');
      expect(await modeOf('x')).toBe(0o604);
    }
  });

  it('is nothing again when there was nothing', async () => {
    const entry = await keepPrevious(kept(), join(folder, 'x'), 'atomic');
    await write('x', 'new');
    await restorePrevious(kept(), entry);
    await restorePrevious(kept(), entry);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not replaced by a copy that was damaged or lost', async () => {
    await write('x', 'old');
    const entry = await keepPrevious(kept(), join(folder, 'x'), 'atomic');
    await write('x', 'new');
    await writePlain(join(kept(), sha256Of(Buffer.from('old'))), 'damaged');
    await expect(restorePrevious(kept(), entry)).rejects.toThrow('its copy is damaged');
    await forgetPrevious(kept());
    await expect(restorePrevious(kept(), entry)).rejects.toThrow('is gone');
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('new');
  });
});
