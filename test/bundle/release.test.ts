/** Releases, versions and the script, without a host. */
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostBundles, ReleaseKey, releaseKeys } from '../../control/host-bundles/index.js';
import { addKey } from '../../control/key-ring.js';
import { followHandovers } from '../../host-worker/bundle/handover.js';
import { openRelease, verifyFolder } from '../../host-worker/bundle/release.js';
import { handoverType } from '../../spec/host-bundle/handover.js';
import { refusalOf } from '../../spec/host-bundle/accept.js';
import { releaseMs, type ArchiveFacts, type Release } from '../../spec/host-bundle/shapes.js';
import { compareVersions, isVersion } from '../../spec/host-bundle/version.js';
import { runCommand } from '../fleet/run-command.js';
import { pack } from './pack.js';

const key = ReleaseKey.fromSeed('1'.repeat(64));
const other = ReleaseKey.fromSeed('2'.repeat(64));
const now = Date.parse('2026-01-01T12:00:00Z');
const digest = 'a'.repeat(64);
const archive: ArchiveFacts = { file: 'maestro-host-1.2.3-linux-x64.tar.gz', version: '1.2.3', platform: 'linux-x64', build: 'a'.repeat(12), glibc: '2.28', bytes: 10, sha256: digest, manifest_sha256: digest };
const release = (over: Partial<ArchiveFacts> = {}, from = now): Release => ({ format: 1, archive: { ...archive, ...over }, issued_at: new Date(from).toISOString(), expires_at: new Date(from + releaseMs).toISOString() });
const reasonOf = (work: () => unknown): unknown => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { details?: { reason?: unknown } }).details?.reason ?? error;
  }
};

describe('versions', () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(12), fc.option(fc.array(fc.constantFrom('rc', 'beta', '1', '2', '10'), { minLength: 1, maxLength: 3 }), { nil: null })).map(([a, b, c, pre]) => `${String(a)}.${String(b)}.${String(c)}${pre === null ? '' : `-${pre.join('.')}`}`);

  it('are ordered: nothing is older than itself, and two agree on which is older', () => {
    fc.assert(fc.property(version, version, version, (a, b, c) => {
      expect(isVersion(a)).toBe(true);
      expect(compareVersions(a, a)).toBe(0);
      expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
    }));
  });

  test.each([['1.0.0', '1.0.1'], ['1.9.0', '1.10.0'], ['0.9.9', '1.0.0'], ['1.0.0-rc.1', '1.0.0'], ['1.0.0-1', '1.0.0-alpha'], ['1.0.0-alpha', '1.0.0-alpha.1'], ['1.0.0-2', '1.0.0-10']])('%s is older than %s', (older, newer) => expect(compareVersions(older, newer)).toBe(-1));
  test.each(['', '1', '1.2', '01.2.3', '1.2.3.4', 'v1.2.3', '1.2.3 ', '1.2.3-', '1.2.3/..', `1.2.3-${'a'.repeat(64)}`])('%j is none', (text) => expect(isVersion(text)).toBe(false));
});

describe('a release', () => {
  const text = JSON.stringify(key.seal(release()));

  it('signed with a key that the host knows is taken', () => expect(openRelease(text, [other.public, key.public], now)).toEqual(release()));

  it('is refused after a change of any character', () => {
    fc.assert(fc.property(fc.nat(text.length - 1), fc.constantFrom('A', 'b', '0', '"', '=', ' '), (index, char) => {
      fc.pre(text[index] !== char);
      const changed = `${text.slice(0, index)}${char}${text.slice(index + 1)}`;
      let opened: unknown = null;
      try { opened = openRelease(changed, [key.public], now); } catch { return; }
      // Spaces between words of JSON, and the unused bits of the last character of base64, mean nothing.
      expect(opened).toEqual(release());
    }), { numRuns: 500 });
  });

  it('is refused by name: unknown key, expired key, wrong signature', () => {
    expect(reasonOf(() => openRelease(text, [other.public], now))).toBe('unknown_key');
    expect(reasonOf(() => openRelease(text, [], now))).toBe('unknown_key');
    expect(reasonOf(() => openRelease(text, [{ ...key.public, expires_at: '2025-01-01T00:00:00Z' }], now))).toBe('expired_key');
    expect(reasonOf(() => openRelease(text, [{ ...other.public, id: key.public.id }], now))).toBe('signature');
    expect(reasonOf(() => openRelease('{}', [key.public], now))).toBe('format');
  });

  test.each<[string, Release, string | null, string | null]>([
    ['the first one', release(), null, null], ['a newer one', release(), '1.2.2', null], ['the same version in another build', release(), '1.2.3', null], ['an older one', release(), '1.2.4', 'downgrade'], ['a pre-release of what runs', release({ version: '1.2.3-rc.1' }), '1.2.3', 'downgrade'],
    ['one of yesterday', release({}, now - releaseMs - 1), null, 'expired_release'], ['one that ends now', release({}, now - releaseMs), null, 'expired_release'], ['one of tomorrow', release({}, now + releaseMs), null, 'future_release'], ['one of a clock that is a little ahead', release({}, now + 60_000), null, null],
    ['one for another platform', release({ platform: 'linux-arm64' }), null, 'platform'],
  ])('%s', (_what, given, version, reason) => expect(refusalOf(given, { platform: 'linux-x64', version, nowMs: now })?.details['reason'] ?? null).toBe(reason));
});

describe('another key', () => {
  const third = ReleaseKey.fromSeed('3'.repeat(64));
  const said = (...handovers: unknown[]): string => JSON.stringify({ handovers });
  const trusts = (textOf: string, ...keys: ReleaseKey[]) => followHandovers(textOf, keys.map((one) => one.public), now).map(({ id }) => id);

  it('is trusted when the one before has signed it, over any number of steps, and takes its place', () => {
    const all = said(key.handOver(other), other.handOver(third));
    expect(trusts(all, key)).toEqual([third.public.id]);
    expect(trusts(all, other)).toEqual([third.public.id]);
    expect(trusts(all, third)).toEqual([third.public.id]);
    expect(openRelease(JSON.stringify(third.seal(release(), [other])), followHandovers(all, [key.public], now), now)).toEqual(release());
    // A host that has not asked upgrades as long as its key still signs, too.
    expect(openRelease(JSON.stringify(other.seal(release(), [key])), [key.public], now)).toEqual(release());
    expect(reasonOf(() => openRelease(JSON.stringify(third.seal(release(), [other])), [key.public], now))).toBe('unknown_key');
  });

  it('is not trusted for the word of another, nor of a key that has expired, nor for a release that looks like it', () => {
    expect(trusts(said(other.handOver(third)), key)).toEqual([key.public.id]);
    const forged = { ...other.handOver(third), signatures: [{ ...other.handOver(third).signatures[0], keyid: key.public.id }] };
    expect(trusts(said(forged), key)).toEqual([key.public.id]);
    const asRelease = key.seal({ format: 1, successor: other.public });
    expect(trusts(said({ ...asRelease, payloadType: handoverType }), key)).toEqual([key.public.id]);
    expect(followHandovers(said(key.handOver(other)), [{ ...key.public, expires_at: '2025-01-01T00:00:00Z' }], now).map(({ id }) => id)).toEqual([key.public.id]);
    expect(trusts(said(key.handOver(other), other.handOver(key)), key)).toHaveLength(1);
  });

  it('is not trusted after a change of any character of what was said, which then counts for nothing', () => {
    const text = said(key.handOver(other));
    fc.assert(fc.property(fc.nat(text.length - 1), fc.constantFrom('A', 'b', '0', '"', '=', ' '), (index, char) => {
      const changed = `${text.slice(0, index)}${char}${text.slice(index + 1)}`;
      expect([key.public.id, other.public.id]).toContain(trusts(changed, key)[0]);
      expect(trusts(changed, key)).toHaveLength(1);
    }), { numRuns: 300 });
    for (const nonsense of ['', '{}', 'null', '[]', '{"handovers":[{}]}']) expect(trusts(nonsense, key)).toEqual([key.public.id]);
  });

  it('is made beside the old one, which stays; asked twice it is one, and hosts are told', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'maestro-release-keys-'));
    const added = await Promise.all([addKey(dataDir, 'host-release', ''), addKey(dataDir, 'host-release', '')]);
    expect((await addKey(dataDir, 'host-release', '')).added).toBeNull();
    expect(added.some(({ added: one }) => one !== null)).toBe(true);
    const [newest, old, ...more] = await releaseKeys(dataDir);
    expect([more, newest?.public.id === old?.public.id]).toEqual([[], false]);
    let answered = '';
    for await (const chunk of (await new HostBundles({ folder: dataDir, keys: () => releaseKeys(dataDir), publicUrl: 'https://x' }).file('release-keys.json')).chunks) answered += Buffer.from(chunk).toString();
    expect(followHandovers(answered, old === undefined ? [] : [old.public], now).map(({ id }) => id)).toEqual([newest?.public.id]);
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('a folder', () => {
  let folder: string;
  const content = 'hello\n';
  const manifest = { format: 1, version: '1.2.3', platform: 'linux-x64', node: 'v20.0.0', glibc: '2.28', build: 'a'.repeat(12), files: [{ path: 'bin/x', mode: 0o755, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }] };

  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'maestro-folder-')); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function made(name: string, change: (folder: string) => Promise<unknown> = () => Promise.resolve()): Promise<string> {
    const path = join(folder, name);
    await mkdir(join(path, 'bin'), { recursive: true });
    await writeFile(join(path, 'bin/x'), content);
    await writeFile(join(path, 'manifest.json'), JSON.stringify(manifest));
    await change(path);
    return path;
  }

  it('is taken as long as it is what the manifest says, to the last byte', async () => {
    expect(await verifyFolder(await made('good'))).toEqual(manifest);
    const changes: Record<string, (path: string) => Promise<unknown>> = {
      longer: (path) => appendFile(join(path, 'bin/x'), 'x'), other: (path) => writeFile(join(path, 'bin/x'), 'hullo\n'), missing: (path) => rm(join(path, 'bin/x')), more: (path) => writeFile(join(path, 'bin/y'), ''), hidden: (path) => writeFile(join(path, '.z'), ''),
      link: async (path) => { await rm(join(path, 'bin/x')); await symlink('/etc/hostname', join(path, 'bin/x')); }, 'no manifest': (path) => rm(join(path, 'manifest.json')),
      climbing: (path) => writeFile(join(path, 'manifest.json'), JSON.stringify({ ...manifest, files: [{ ...manifest.files[0], path: '../x' }] })),
    };
    for (const [name, change] of Object.entries(changes)) await expect(made(name, change).then((path) => verifyFolder(path))).rejects.toMatchObject({ code: 'config_error' });
    await expect(made('of another release').then((path) => verifyFolder(path, digest))).rejects.toThrow('not the one of the release');
  });
});

describe('the build', () => {
  it('gives the same bytes twice, and a script that is whole or does nothing', async () => {
    const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'maestro-pack-'))));
    try {
      const [one, two] = [await pack(folders[0] ?? ''), await pack(folders[1] ?? '')];
      expect(two).toEqual(one);
      const script = await new HostBundles({ folder: folders[0] ?? '', keys: () => Promise.resolve([key]), publicUrl: 'https://maestro.example:8443/base' }).script();
      expect(script).toContain(`linux-x64 ${one.file} ${one.sha256}`.replace('linux-x64', one.platform));
      expect(script).not.toMatch(/@MAESTRO_/);
      await harmlessWhenCut(script, folders[0] ?? '');
      for (const publicUrl of ['https://x/\'; rm -rf /', 'https://x/$(id)', 'https://x/\n', 'javascript:x', 'https://x/`id`', 'https://x/"']) await expect(new HostBundles({ folder: folders[0] ?? '', keys: () => Promise.resolve([key]), publicUrl }).script()).rejects.toThrow('cannot be made');
    } finally {
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    }
  }, 120_000);

  /** With every program that it could call replaced by one that leaves a trace. */
  async function harmlessWhenCut(script: string, folder: string): Promise<void> {
    const programs = join(folder, 'programs');
    const trace = join(folder, 'trace');
    await mkdir(programs);
    for (const name of ['curl', 'wget', 'tar', 'mktemp', 'mkdir', 'rm', 'id', 'uname', 'systemctl', 'sha256sum', 'grep', 'cat']) {
      await writeFile(join(programs, name), `#!/bin/sh\n: > ${trace}\nexit 1\n`);
      await chmod(join(programs, name), 0o755);
    }
    const run = (text: string) => runCommand('/bin/sh', ['-s', '--', '--url', 'http://127.0.0.1:1'], { timeoutMs: 10_000, input: text, env: { NODE_ENV: 'test', PATH: programs } });
    for (let length = 0; length < script.length - 'main "$@"\n'.length; length += 97) await run(script.slice(0, length));
    await expect(readFile(trace)).rejects.toThrow('ENOENT');
    // The whole one does call them: the trap would have snapped.
    await run(script);
    await readFile(trace);
  }
});
