/** Archives as sources on a real host: downloaded, unpacked, built, switched to and run; and what breaks off goes on. */
import type { ArchiveSource, BuildStep, DesiredPlacement } from '../../spec/desired.js';
import { sha256Hex } from '../../spec/hash.js';
import { archiveHash } from '../../spec/resolve/source.js';
import { gz, tar, zip } from '../archives/make.js';
import type { DriverAnswer } from './driver/protocol.js';
import { HostLab } from './host-lab.js';
import { httpOn, placement, systemdRun } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => {
  await lab.reset();
  await lab.host.exec(['sh', '-c', 'rm -rf /opt/acme-app /srv/archives']);
  lab.control.archives.clear();
  lab.control.cutAfter = [];
}, 120_000);

const directory = '/opt/acme-app';
const releases = '/opt/maestro/.releases/dpl_aaaaaaaaaaaaaaaa/app';
const step = (command: string): BuildStep => ({ command, env: {}, timeout_ms: 60_000, working_dir: null });

function app(version: number, at: ArchiveSource['at'], over: Partial<Pick<ArchiveSource, 'type' | 'subpath'>> = {}): DesiredPlacement {
  const build = [step('mkdir -p dist && tr a-z A-Z < src/version.txt > dist/version.txt')];
  const names = { at, subpath: null, ...over };
  return placement({
    component: 'app', version, component_directory: directory, build, source: { type: 'archive', ...names, source_hash: archiveHash(names, build), content_version: version },
    run: systemdRun({ working_directory: directory, command: '/usr/bin/python3 -m http.server 8000', user: 'deploy', restart_sec: 1 }, 'app'), healthcheck: httpOn(8000, '/dist/version.txt'),
  });
}

function stored(bytes: Buffer): ArchiveSource['at'] {
  const sha256 = sha256Hex(bytes);
  lab.control.archives.set(sha256, bytes);
  return { kind: 'stored', sha256, size: bytes.length };
}

const plain = (text: string): Promise<Buffer> => tar({ name: 'app/src/version.txt', content: text }, { name: 'app/filler', content: Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251)) });
const withVersion = async (text: string): Promise<Buffer> => gz(await plain(text));
const call = (activity: 'prepare' | 'activate', run: string, options: Parameters<HostLab['ask']>[1] = {}): Promise<DriverAnswer | null> => lab.ask([lab.call(activity, run, 'app')], options);
const planOf = async (wanted: DesiredPlacement): Promise<unknown> => (await lab.plan(wanted))[0];
const served = (): Promise<string> => lab.httpBody('http://127.0.0.1:8000/dist/version.txt');
const releaseNames = async (): Promise<string[]> => (await lab.host.exec(['ls', '-A', releases])).stdout.trim().split('\n').filter((name) => name !== '').sort();

it('an archive of the bundle is unpacked, built by the unprivileged user and run; another content is another release, and the first can be gone back to', async () => {
  const first = app(1, stored(await withVersion('one')), { subpath: 'app' });
  const run = await lab.apply(first);
  expect(await served()).toBe('ONE');
  expect(lab.control.phases(run)).toEqual(['fetch', 'build', 'files', 'start', 'health', 'cleanup']);
  expect((await lab.succeed(['find', `${directory}/`, '-printf', '%u:%g %m %P\\n'])).trim().split('\n').sort()).toEqual(['root:root 644 dist/version.txt', 'root:root 644 filler', 'root:root 644 src/version.txt', 'root:root 755 ', 'root:root 755 dist', 'root:root 755 src']);
  expect(await planOf(first)).toMatchObject({ action: 'unchanged', operations: [], reasons: [] });
  const second = app(2, stored(zip({ name: 'src/version.txt', content: 'two' })));
  expect(await planOf(second)).toMatchObject({ action: 'restart', needs_prepare: true, reasons: [expect.stringMatching(/^content [0-9a-f]{12} → [0-9a-f]{12}$/)], fields: [{ field: 'source.content', kind: 'desired' }, { field: 'source.build' }] });
  await lab.apply(second);
  expect(await served()).toBe('TWO');
  lab.control.archives.clear();
  await lab.apply(first);
  expect(await served()).toBe('ONE');
  expect(await releaseNames()).toHaveLength(2);
});

it('an archive of the host is what it is when a version is applied first; one that was exchanged is told and not used', async () => {
  const put = async (text: string): Promise<void> => { await lab.host.writeFile('/srv/archives/app.zip', zip({ name: 'src/version.txt', content: text })); };
  await lab.succeed(['mkdir', '-p', '/srv/archives']);
  await put('one');
  const at = { kind: 'host', path: '/srv/archives/app.zip' } as const;
  await lab.apply(app(1, at));
  expect(await served()).toBe('ONE');
  await put('two');
  expect(await planOf(app(1, at))).toMatchObject({ action: 'unchanged', operations: [] });
  expect(await planOf(app(2, at))).toMatchObject({ action: 'restart', reasons: [expect.stringMatching(/^content .* → /)] });
  await lab.succeed(['sh', '-c', `rm -rf ${releases}/*`]);
  expect(await call('prepare', lab.open(app(1, at)))).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { message: expect.stringContaining('is not the one any more') } });
  await lab.succeed(['sh', '-c', 'rm /srv/archives/app.zip; mkfifo /srv/archives/app.zip']);
  expect(await call('prepare', lab.open(app(3, at)))).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { message: expect.stringContaining('not a regular file') } });
});

it('a download that breaks off goes on where it was; one that is another is not used', async () => {
  const bytes = await plain('one');
  lab.control.cutAfter = [1_000, 10_000, 0];
  const run = await lab.apply(app(1, stored(bytes), { subpath: 'app' }));
  expect(await served()).toBe('ONE');
  expect(lab.control.lines(run).filter((line) => line.includes('broke off'))).toHaveLength(3);
  expect(lab.control.requests.filter(({ path }) => path.startsWith('/host/v1/archive') && path.includes(run)).length).toBe(4);
  const wanted = stored(await plain('two'));
  if (wanted.kind === 'stored') lab.control.archives.set(wanted.sha256, await plain('bad'));
  expect(await call('prepare', lab.open(app(2, wanted)))).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { message: expect.stringMatching(/is not the archive|ended it early|longer/) } });
  expect(await served()).toBe('ONE');
});

it('a hostile archive fails by the name of its entry, and leaves nothing', async () => {
  const run = lab.open(app(1, stored(await tar({ name: 'src/version.txt', content: 'one' }, { name: 'link', type: 'symlink', linkname: '/etc/passwd' }))));
  expect(await call('prepare', run)).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { phase: 'fetch', message: expect.stringContaining('"link" is refused') } });
  expect(await releaseNames()).toEqual([]);
});

it.each(['before:source.fetch', 'after:source.fetch', 'after:source.build', 'before:source.release', 'after:source.release'])('killed %s: the repeat ends well', async (fault) => {
  await lab.apply(app(1, stored(await withVersion('one')), { subpath: 'app' }));
  const run = lab.open(app(2, stored(await withVersion('two')), { subpath: 'app' }));
  expect(await call('prepare', run, { fault })).toBeNull();
  expect(await served()).toBe('ONE');
  expect(await call('prepare', run)).toMatchObject({ ended: 'well' });
  expect(await call('activate', run)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
  expect(await served()).toBe('TWO');
  expect(await releaseNames()).toHaveLength(2);
});
