/** Archives as sources: what stands for them in a document, what a host is given, and which names of entries are taken. */
import fc from 'fast-check';
import { ArchiveLedger, archiveLimits, entryPath } from '../../spec/archive/entries.js';
import { formatOf, isArchiveName } from '../../spec/archive/formats.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { resolvePlacement } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { parsed, small } from './marked.js';

const bundle = [{ path: 'dist/app.tar.gz', sha256: 'a'.repeat(64), size: 7, mode: 0o644 }, { path: 'copy.tgz', sha256: 'a'.repeat(64), size: 7, mode: 0o644 }];

function resolve(source: string, more = ''): { placement: DesiredPlacement; told: string[] } {
  const component = parsed(small({ source, run: 'type: systemd, command: /bin/app', component: more })).components['web'];
  if (component === undefined) throw new Error('no component');
  const problems: Problem[] = [];
  const placement = resolvePlacement({ deployId: 'dpl_1', project: 'shop', version: 3, host: 'h1', componentId: 'web', component, bundle, templates: [], digest: () => ({ sha256: 'b'.repeat(64), size: 1 }) }, (problem) => problems.push(problem));
  return { placement, told: problems.map(({ path, message }) => `${path.join('.')}: ${message}`) };
}

describe('an archive', () => {
  test('of the bundle is known by its content', () => {
    expect(resolve('type: archive, path: ./dist/app.tar.gz, subpath: app/')).toMatchObject({ told: [], placement: { source: { type: 'archive', at: { kind: 'stored', sha256: 'a'.repeat(64), size: 7 }, subpath: 'app', content_version: 3 } } });
  });
  test('of the host is known by its path', () => {
    expect(resolve('type: archive, path: /srv//app.zip').placement.source).toMatchObject({ at: { kind: 'host', path: '/srv/app.zip' }, subpath: null });
  });
  test('under another name, or in a new version, is the same release; built in another way, or another folder of it, is another one', () => {
    const of = (source: string, more?: string): string | undefined => resolve(source, more).placement.source?.source_hash;
    const first = of('type: archive, path: copy.tgz');
    expect(of('type: archive, path: dist/app.tar.gz')).toBe(first);
    const hashes = [first, of('type: archive, path: copy.tgz, subpath: a'), of('type: archive, path: copy.tgz', '    build: [{ command: make }]\n'), of('type: archive, path: /srv/a.zip'), of('type: archive, path: /srv/b.zip')];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
  test.each([
    ['none.tar', 'the bundle has no file'], ['../dist/app.tar.gz', 'the bundle has no file'], ['/proc/self/a.tar', 'not the path of a file'], ['/srv/../etc/a.tar', 'not the path of a file'], ['/var/lib/maestro/a.zip', 'not the path of a file'], ['a.tar.xz', 'is none of'], ['a.rar', 'is none of'], ['dist', 'is none of'],
  ])('%s is refused at its path', (path, message) => {
    expect(resolve(`type: archive, path: "${path}"`).told).toEqual([expect.stringContaining(`source.path: `)]);
    expect(resolve(`type: archive, path: "${path}"`).told[0]).toContain(message);
  });
  test('has a folder of its own on the host, which nothing else is written into', () => {
    expect(resolve('type: archive, path: copy.tgz', '    config: { files: [{ source: copy.tgz, dest: copy.tgz }] }\n').told).toEqual([expect.stringContaining('config.files.0.dest: ')]);
    expect(resolve('type: archive, path: copy.tgz, subpath: ../x').told).toEqual([expect.stringContaining('source.subpath: ')]);
  });
});

test.each(['a.tar', 'a.tar.gz', 'a.tgz', 'a.tar.zst', 'A.ZIP', '/x/a-1.2.tar'])('%s is the name of an archive', (name) => { expect(isArchiveName(name)).toBe(true); });

test('what no archive begins with is none, whatever it is', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
    const format = formatOf(bytes);
    expect(format === null || bytes.length >= 2).toBe(true);
  }));
  expect(formatOf(Uint8Array.of(0x1f, 0x8b, 8))).toBe('tar.gz');
  expect(formatOf(new Uint8Array(512))).toBeNull();
});

describe('the name of an entry', () => {
  const part = fc.constantFrom('a', 'b.c', '..', '.', '', 'ä', 'x\\y', 'C:', 'n\n', ' ');
  test('that is taken stays below its folder, and is taken as the same again', () => {
    fc.assert(fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = entryPath(parts.join('/'));
      if (typeof path !== 'string') return;
      expect(path.startsWith('/') || path.split('/').includes('..') || /[\\\n]/.test(path)).toBe(false);
      expect(path === '' ? '' : entryPath(path)).toBe(path);
    }));
  });
  test('is on disk once: files and folders never share one, in whatever order they come', () => {
    const name = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(fc.property(fc.array(fc.record({ name, kind: fc.constantFrom('file' as const, 'folder' as const) }), { maxLength: 8 }), (entries) => {
      const ledger = new ArchiveLedger(1000);
      const files: string[] = [];
      const folders = new Set<string>();
      for (const entry of entries) {
        const taken = ledger.take({ ...entry, mode: 0o644, size: 1 });
        // The first refusal ends an archive.
        if ('refused' in taken) break;
        if (entry.kind === 'file') files.push(taken.path);
        else folders.add(taken.path);
        const parts = taken.path.split('/');
        for (let depth = 1; depth < parts.length; depth += 1) folders.add(parts.slice(0, depth).join('/'));
      }
      expect(new Set(files).size).toBe(files.length);
      expect(files.filter((file) => folders.has(file))).toEqual([]);
    }));
  });
  test('counts with the folders that it needs, and no limit is passed by one more', () => {
    const ledger = new ArchiveLedger(1000, { ...archiveLimits, entries: 4 });
    expect(ledger.take({ name: 'a/b/c', kind: 'file', mode: 0, size: 0 })).toEqual({ path: 'a/b/c', executable: false });
    expect(ledger.take({ name: 'a/b/d', kind: 'file', mode: 0o100, size: 0 })).toEqual({ path: 'a/b/d', executable: true });
    expect(ledger.take({ name: 'a/b/e', kind: 'file', mode: 0, size: 0 })).toEqual({ refused: expect.stringContaining('more than 4') });
  });
});
