/** What an archive can bring onto a host: regular files and folders below one folder, and nothing else (reliability.md, F-29). */
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpack } from '../../host-worker/archive/unpack.js';
import { archiveLimits, type ArchiveLimits } from '../../spec/archive/entries.js';
import { MaestroError } from '../../spec/errors.js';
import { gz, type RawBlock, rawTar, tar, type TarEntry, zip, type ZipEntry, zstd, zstdBomb } from '../archives/make.js';

let scene: string;
beforeEach(async () => {
  scene = await mkdtemp(join(tmpdir(), 'maestro-unpack-'));
  await mkdir(join(scene, 'release'));
  await writeFile(join(scene, 'canary'), 'alive');
});
afterEach(() => rm(scene, { recursive: true, force: true }));

async function open(bytes: Buffer, limits: Partial<ArchiveLimits> = {}, signal = new AbortController().signal): Promise<void> {
  await writeFile(join(scene, 'archive'), bytes);
  await unpack(join(scene, 'archive'), join(scene, 'release'), { name: 'the archive', signal, limits: { ...archiveLimits, ...limits } });
}

/** Path → content, with its mode; folders end in a slash. */
async function found(): Promise<Record<string, string>> {
  const root = join(scene, 'release');
  const names = (await readdir(root, { recursive: true })).sort();
  return Object.fromEntries(await Promise.all(names.map(async (name) => {
    const status = await lstat(join(root, name));
    return status.isDirectory() ? [`${name}/`, ''] : [name, `${(status.mode & 0o7777).toString(8)} ${(await readFile(join(root, name), 'utf8')).slice(0, 20)}`];
  })));
}

const entries: TarEntry[] = [{ name: './', type: 'directory' }, { name: './bin/', type: 'directory', mode: 0o2775 }, { name: './bin/run', content: 'go', mode: 0o750 }, { name: 'a//b/./plain', content: 'text', mode: 0o600 }, { name: 'empty', content: '' }, { name: 'void/', type: 'directory' }, { name: 'bin', type: 'directory' }];
const files = { 'a/': '', 'a/b/': '', 'a/b/plain': '644 text', 'bin/': '', 'bin/run': '755 go', empty: '644 ', 'void/': '' };
const long = `${'long-'.repeat(40)}/${'name-'.repeat(40)}`;

describe('an archive', () => {
  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ['.tar', () => tar(...entries)], ['.tar.gz', async () => gz(await tar(...entries))], ['.tar.gz of two members', async () => { const bytes = await tar(...entries); return Buffer.concat([gz(bytes.subarray(0, 700)), gz(bytes.subarray(700))]); }],
    ['.tar.zst', async () => zstd(await tar(...entries))], ['.tar.zst of two frames', async () => { const bytes = await tar(...entries); return Buffer.concat([zstd(bytes.subarray(0, 700)), zstd(bytes.subarray(700))]); }],
    ['.zip', () => zip({ name: 'bin/', mode: 0o040775 }, { name: 'bin/run', content: 'go', mode: 0o100750 }, { name: 'a/b/plain', content: 'text', stored: true }, { name: 'empty' }, { name: 'void/', mode: 0o040755 })],
  ])('%s brings its files and folders, of their modes only who may run them', async (_, bytes) => {
    await open(await bytes());
    expect(await found()).toEqual(files);
  });
  it('may have long names, and files of any size', async () => {
    const content = Buffer.alloc(300_000, 'x');
    await open(gz(await tar({ name: long, content })));
    expect(await readFile(join(scene, 'release', long))).toEqual(content);
  });
  it('is unpacked as zstd -19 packed it', async () => {
    await open(Buffer.from('KLUv/WQAJ/0ZAFpb0AoXkBcUNAcA0FbG+t3tWlpaWrI3LV5kmA2uAKQAowBF+qoyWxXjqtpUnXyqhUs176jWHapzJ3VupNZ91LyNWnhRJyeqPVSMhSpzUJEOVLNzajhOI75pzTYNu6aJ01TkmVItU8RjenKYlp1SHKWhPinlJh26pJGTlOiRWi7SqUMqcZCGO6MzY7Tyi4pt0ZgrKlNU7okeLVGSIzqHaOBZsrFJX222lly1mJpPaWkcDYcBAwiEICAQYFDAgCAsCFUSJTZEFgSDAwMAgwMCBgFRy3NqlPjCbRXRyimiYk9EY5aIyhFRuUNEj84QJRlDdL4QDdxClOwK0aQpRG2eEC1ZQtTiCNE8hCid2Riz4cvGlqUrm1PW4smWLFmbI5t0yJKd2MAROx+WZMMeXVi5CSsPNmbBih3YygN25ryGG68S33Vqu1peV6LpGvlch5Yr5XENdbjiaS0brSefFXGzUl1Wkcma+FjDFmvNYY04WA3PqtlYAXYIacwpo9x3tJFcMwU+ZEvSYXMIgvnRFleY4qElD4tDRktOmzHpI9sCr5lInqNF7pADRmNOsbHym9nCXRLT1GO5EB2Rh4sOnZRjqA+3sutkQnyoFpEj8WDRsLNmjPgMN7MLaZJ5MBY7Jg+VeWPdZ3NX3ZT3FC6TB0XtQFGMU2ZE+sw2wytiqnnClsRD5DBRqhNxPPnKNoniFWqifIaWyIPoIAGCkp005nxpceVETyzhiENK6czR4ivZbK6kiewJXOYgOaD06JQb5YvZxK7KaeYJt0gcU4eTWp5EY+Q3tFFeoSZ8ypaTA/FgUqpTZEz8wraaK2IyfMwWpEPmUFKM08bJr3DLu+qmmVvqjrwDSQvPydE+jE3mQprMHsMl4qg5jDTsTBxFPqoN8TqZyh5cQh2UB5EOnZEj0We5TV0SU7hnZqk8JIC0qEEMgYSWkuTG/gZQTZJ0IpepoDzKr5L6kzYDZ85v+eYpFB6FFmRBOuAJ7ArBoLMOBRGMpoBgBHfSNPDPTSUkEEIVlM1FmF1lPlUiAoaDGbSxV9HjDPJqNB4g9VDmFSxHi5YPw7e7bC0FKYrE1y6w3MEgYUNIjgnwD30bune5Qx4JBEjrfROsZlc=', 'base64'));
    expect(await readFile(join(scene, 'release/text.txt'), 'utf8')).toBe(Array.from({ length: 300 }, (_, index) => `${String(index)} ${String((index * index) % 97)}\n`).join(''));
  });
});

const bomb = Buffer.alloc(1024 ** 2);
const file = (name: string, more: Partial<TarEntry> = {}) => () => tar({ name: 'fine', content: 'x' }, { name, content: 'evil', ...more });
const special = (type: TarEntry['type'], linkname = '../canary') => () => tar({ name: 'fine', content: 'x' }, { name: 'evil', ...(type === undefined ? {} : { type }), linkname });
const raw = (...blocks: RawBlock[]) => () => rawTar(...blocks);
const zipped = (...more: ZipEntry[]) => () => zip({ name: 'fine', content: 'x' }, ...more);

const hostile: [name: string, bytes: () => Promise<Buffer> | Buffer, told: RegExp, limits?: Partial<ArchiveLimits>][] = [
  ['a symbolic link out', special('symlink'), /"evil" is refused: it is a symlink/],
  ['a symbolic link inside, which a file is written through', () => tar({ name: 'dir', type: 'symlink', linkname: '..' }, { name: 'dir/canary', content: 'evil' }), /"dir" is refused: it is a symlink/],
  ['a hard link', special('link', '/etc/passwd'), /"evil" is refused: it is a link/],
  ['a character device', special('character-device'), /character-device/], ['a block device', special('block-device'), /block-device/], ['a pipe', special('fifo'), /fifo/],
  ['a kind that nobody knows', raw({ name: 'evil', type: 'Z' }), /"evil" is refused: it is a special file/],
  ['an old GNU sparse file', raw({ name: 'evil', type: 'S' }), /special file/],
  ['a sparse file in the way of PAX', () => tar({ name: 'evil', content: 'x', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '99999999999' } }), /"evil" is refused: it is a sparse file/],
  ['a setuid file', file('evil', { mode: 0o4755 }), /"evil" is refused: it has a setuid/], ['a setgid file', file('evil', { mode: 0o2755 }), /setuid or setgid/],
  ['a name that climbs out', file('../canary'), /"\.\.\/canary" is refused: its name climbs/], ['a name that climbs out later', file('a/b/../../../canary'), /climbs/], ['a folder that climbs out', () => tar({ name: '../evil/', type: 'directory' }), /climbs/],
  ['an absolute name', raw({ name: '/tmp/maestro-evil' }), /absolute/], ['a prefix that makes it absolute', raw({ name: 'evil', prefix: '/tmp' }), /absolute/],
  ['a name of PAX that climbs out', () => tar({ name: 'evil', content: 'x', pax: { path: '../canary' } }), /climbs/],
  ['a long name of GNU that climbs out', raw({ name: '././@LongLink', type: 'L', content: Buffer.from('../canary\0') }, { name: 'evil', content: Buffer.from('x') }), /climbs/],
  ['a drive of Windows', file('C:/evil'), /Windows/], ['a path of Windows', file('..\\canary'), /Windows/], ['a share of Windows', file('\\\\host\\share'), /Windows/],
  ['a control character in a name', file('evil\n.txt'), /control character/], ['a name that is not UTF-8', raw({ name: 'evil\xff' }), /not UTF-8/],
  ['a file twice', () => tar({ name: 'a', content: '1' }, { name: './a', content: '2' }), /"\.\/a" is refused: it is there twice/],
  ['a file where a folder is', () => tar({ name: 'a/b', content: '1' }, { name: 'a', content: '2' }), /file and a folder/], ['a folder where a file is', () => tar({ name: 'a', content: '1' }, { name: 'a/b', content: '2' }), /"a\/b" is refused: a is a file and a folder/],
  ['a folder over a file', () => tar({ name: 'a', content: '1' }, { name: 'a', type: 'directory' }), /file and a folder/], ['a file that is the folder itself', file('./'), /name of a folder|control|special/],
  ['names too deep', file(`${'d/'.repeat(100)}evil`), /too deep/], ['a part of a name too long', file('e'.repeat(300)), /too long/],
  ['too many entries', () => tar(...Array.from({ length: 60 }, (_, index) => ({ name: `d${String(index)}/f`, content: '' }))), /more than 100 files and folders/, { entries: 100 }],
  ['too many bytes', file('evil', { content: bomb }), /it is larger than 1000000 bytes/, { bytes: 1_000_000 }],
  ['a size that says more than there is', raw({ name: 'evil', size: 8 ** 11 - 1 }), /larger than/],
  ['a bomb in gzip', async () => gz(await tar({ name: 'evil', content: bomb })), /more than 200 times its size/, { ratioFromBytes: 100_000 }],
  ['a bomb in gzip behind the end of the tar', async () => gz(Buffer.concat([await tar({ name: 'a', content: '1' }), Buffer.alloc(5 * 1024 ** 2)])), /more than 200 times its size/, { ratioFromBytes: 100_000 }],
  ['a bomb in zstd', () => zstdBomb(2_000), /more than 200 times its size/, { ratioFromBytes: 100_000 }],
  ['zstd that asks for 2 GiB of memory', async () => zstd(await tar({ name: 'a' }), { window: 0xa8 }), /more than 32 MiB of memory/],
  ['zstd of very many blocks', () => zstdBomb(100_001), /too many blocks/],
  ['zstd of a second frame that asks for memory', async () => Buffer.concat([zstd(await tar({ name: 'a' })), zstd(Buffer.alloc(10), { window: 0xa8 })]), /more than 32 MiB/],
  ['a tar that is cut off', async () => (await tar({ name: 'evil', content: bomb })).subarray(0, 5000), /damaged, or cut off/], ['a gzip that is cut off', async () => gz(await tar({ name: 'evil', content: 'x'.repeat(9999) })).subarray(0, 60), /damaged/], ['a zstd that is cut off', async () => zstd(await tar({ name: 'a', content: 'x' })).subarray(0, 900), /damaged|header/],
  ['a wrong checksum in a header', async () => { const bytes = await tar({ name: 'a', content: '1' }, { name: 'b', content: '2' }); bytes[1030] = 7; return bytes; }, /damaged/],
  ['something else', () => Buffer.from('#!/bin/sh\ntouch canary\n'), /none of \.tar/], ['nothing', () => Buffer.alloc(0), /none of/], ['another compression', () => Buffer.from([0x42, 0x5a, 0x68, 0x39, 0x31]), /none of/], ['zeros', () => Buffer.alloc(10_240), /none of/],
  ['a name in a zip that climbs out', zipped({ name: '../canary', content: 'evil' }), /\.\.\/canary|climbs/], ['an absolute name in a zip', zipped({ name: '/tmp/maestro-evil', content: 'evil' }), /absolute/], ['a name of Windows in a zip', zipped({ name: '..\\canary', content: 'evil' }), /Windows|invalid characters/],
  ['a symbolic link in a zip', zipped({ name: 'evil', content: '../canary', mode: 0o120777 }), /"evil" is refused: it is a symlink/], ['a device in a zip', zipped({ name: 'evil', mode: 0o020666 }), /character-device/], ['a pipe in a zip', zipped({ name: 'evil', mode: 0o010666 }), /fifo/], ['a setuid file in a zip', zipped({ name: 'evil', content: 'x', mode: 0o104755 }), /setuid/],
  ['a file twice in a zip', zipped({ name: 'fine', content: 'y' }), /twice/], ['a file with a password in a zip', zipped({ name: 'evil', content: 'x', flags: 0x0801 }), /password/],
  ['a bomb in a zip', zipped({ name: 'evil', content: bomb }), /more than 200 times its size/, { ratioFromBytes: 100_000 }], ['a bomb in a zip that says it is small', zipped({ name: 'evil', content: bomb, size: 10 }), /damaged/], ['a zip without its end', () => zip({ name: 'a', content: 'b' }).subarray(0, 40), /damaged/],
];

describe('a hostile archive is refused, and nothing is outside of its folder:', () => {
  it('there are enough of them', () => { expect(hostile.length).toBeGreaterThanOrEqual(50); });
  it.each(hostile.map(([name, bytes, told, limits = {}]) => ({ name, bytes, told, limits })))('$name', async ({ bytes, told, limits }) => {
    const error = await open(await bytes(), limits).then(() => null, (failure: unknown) => failure);
    expect(error).toBeInstanceOf(MaestroError);
    expect(error).toMatchObject({ code: 'fetch_failed', message: expect.stringMatching(told), fix: expect.stringContaining('Pack it again') });
    expect((await readdir(scene)).sort()).toEqual(['archive', 'canary', 'release']);
    expect(await readFile(join(scene, 'canary'), 'utf8')).toBe('alive');
    for (const name of await readdir(join(scene, 'release'), { recursive: true })) {
      const status = await lstat(join(scene, 'release', name));
      expect(status.isFile() || status.isDirectory()).toBe(true);
      expect(status.mode & 0o7000).toBe(0);
    }
    await expect(lstat('/tmp/maestro-evil')).rejects.toThrow('ENOENT');
  });
});

it('is left when it is not wanted any more', async () => {
  const controller = new AbortController();
  controller.abort(new Error('not wanted any more'));
  await expect(tar({ name: 'a', content: bomb }).then((bytes) => open(bytes, {}, controller.signal))).rejects.toThrow('not wanted any more');
});
