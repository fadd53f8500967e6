/** Changing versions on a real host: what is refused, what comes back by itself, and what is ended in the middle. */
import { createHash } from 'node:crypto';
import { ReleaseKey } from '../../control/host-bundles/index.js';
import type { ArchiveFacts, Release } from '../../spec/host-bundle/shapes.js';
import { few, InstallLab, thorough } from './install-lab.js';
import { pack } from './pack.js';

const host = 'h1';
let lab: InstallLab;
const archives: Record<'first' | 'second', ArchiveFacts | null> = { first: null, second: null };

const folderOf = ({ version, build }: ArchiveFacts): string => `${version}-${build}`;
const known = (archive: ArchiveFacts | null): ArchiveFacts => {
  if (archive === null) throw new Error('not packed yet');
  return archive;
};

beforeAll(async () => {
  lab = await InstallLab.start([host]);
  archives.first = await pack(lab.downloads, { version: '0.1.0' });
  const { exitCode, stderr } = await lab.install(host);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  archives.second = await pack(lab.downloads, { version: '0.2.0', worker: (real) => `${real}\n//2` });
}, 20 * 60_000);

afterAll(async () => {
  // Unset when the start itself failed.
  await (lab as InstallLab | undefined)?.stop();
}, 120_000);

async function seen(): Promise<{ current: string; pid: number; status: string }> {
  return { current: await lab.current(host), pid: await lab.workerPid(host), status: (await lab.command(host, ['status'])).stdout };
}

describe('an upgrade that is refused', () => {
  const day = 24 * 3600 * 1000;
  const release = (archive: ArchiveFacts, from = Date.now()): Release => ({ format: 1, archive, issued_at: new Date(from).toISOString(), expires_at: new Date(from + day).toISOString() });
  const sealed = (value: unknown, key = lab.key): Buffer => Buffer.from(JSON.stringify(key.seal(value)));
  const onRelease = (made: (original: Buffer) => Buffer) => (path: string, original: Buffer): Buffer | null => (path.endsWith('.release.json') ? made(original) : null);
  const changedBit = (path: string, original: Buffer): Buffer | null => {
    if (!path.endsWith('.tar.gz')) return null;
    const changed = Buffer.from(original);
    changed[1_000_000] = (changed[1_000_000] ?? 0) ^ 1;
    return changed;
  };
  const stranger = ReleaseKey.fromSeed('7'.repeat(64));
  const posing = (value: unknown): Buffer => {
    const [, envelope] = [null, stranger.seal(value)];
    return Buffer.from(JSON.stringify({ ...envelope, signatures: envelope.signatures.map(({ sig }) => ({ keyid: lab.key.public.id, sig })) }));
  };

  it.each(few<[string, () => (path: string, original: Buffer) => Buffer | null, RegExp]>([
    ['a bit of the archive', () => changedBit, /is not what the release names: its SHA-256/],
    ['an archive that ends early', () => (path, original) => (path.endsWith('.tar.gz') ? original.subarray(0, 1_000_000) : null), /it is shorter/],
    ['an archive that does not end where it should', () => (path, original) => (path.endsWith('.tar.gz') ? Buffer.concat([original, original]) : null), /it is longer/],
    ['a key that this host does not know', () => onRelease(() => sealed(release(known(archives.second)), stranger)), /signed with a key that this host does not know/],
    ['somebody else\'s signature under the name of the right key', () => onRelease(() => posing(release(known(archives.second)))), /signature of the release is not right/],
    ['a release from yesterday', () => onRelease(() => sealed(release(known(archives.second), Date.now() - day - 1000))), /was good until/],
    ['a release from tomorrow', () => onRelease(() => sealed(release(known(archives.second), Date.now() + day))), /in the future/],
    ['an older version', () => onRelease(() => sealed(release({ ...known(archives.first), version: '0.0.9' }))), /0\.0\.9 is older/],
    ['a release for another platform', () => onRelease(() => sealed(release({ ...known(archives.second), platform: 'linux-arm64' }))), /is for linux-arm64/],
    ['the archive of one release under the other', () => onRelease(() => sealed(release({ ...known(archives.second), sha256: known(archives.first).sha256 }))), /is not what the release names/],
    ['another manifest than the release names', () => onRelease(() => sealed(release({ ...known(archives.second), manifest_sha256: createHash('sha256').update('x').digest('hex') }))), /not the one of the release/],
    ['something endless in place of a release', () => onRelease(() => Buffer.alloc(1 << 20, 'a')), /answers more than a release/],
  ], 3))('for %s changes nothing', async (_what, meddle, said) => {
    const before = await seen();
    lab.meddle = meddle();
    const { exitCode, stderr } = await lab.command(host, ['upgrade', '--url', lab.middleUrl]);
    lab.meddle = () => null;
    expect({ exitCode, said: said.test(stderr) ? '' : stderr }).toEqual({ exitCode: 1, said: '' });
    expect(await seen()).toEqual(before);
    expect((await lab.succeed(host, ['ls', '-A', '/opt/maestro-host'])).trim().split('\n')).toEqual([before.current, 'current']);
  }, 60_000);

  it('for a key that has expired changes nothing', async () => {
    const before = await seen();
    const path = '/var/lib/maestro/bundle/settings.json';
    const settings = await lab.succeed(host, ['cat', path]);
    await lab.fleet.host(host).writeFile(path, settings.replace('"expires_at":null', '"expires_at":"2020-01-01T00:00:00Z"'), { mode: '0600' });
    const { exitCode, stderr } = await lab.command(host, ['upgrade']);
    await lab.fleet.host(host).writeFile(path, settings, { mode: '0600' });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('a key that has expired') as string });
    expect(await seen()).toEqual(before);
  }, 60_000);
});

describe('an upgrade', () => {
  it('ended at any step is carried out by the next one; then the new version runs and the old one stays beside it', async () => {
    for (const point of few(['upgrade.downloaded', 'upgrade.unpacked', 'upgrade.placed', 'change.previous'], 2)) {
      expect({ point, ...(await lab.command(host, ['upgrade'], point)) }).toMatchObject({ point, exitCode: 137 });
      expect(await lab.current(host)).toBe(folderOf(known(archives.first)));
    }
    // From here on it goes on by itself, whatever becomes of the command.
    expect((await lab.command(host, ['upgrade'], 'change.started')).exitCode).toBe(137);
    const { exitCode, stderr, stdout } = await lab.command(host, ['upgrade']);
    expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 });
    expect((await seen()).status).toMatch(new RegExp(`ready: ${folderOf(known(archives.second))}\nlast change: .* to ${folderOf(known(archives.second))}`));
    expect((await lab.succeed(host, ['readlink', '/opt/maestro-host/previous'])).trim()).toBe(folderOf(known(archives.first)));
    await lab.api.waitForNodes([host]);
  }, 120_000);

  it('that is not needed does nothing', async () => {
    const before = await seen();
    expect((await lab.command(host, ['upgrade'])).stdout).toContain('is the newest');
    expect(await seen()).toEqual(before);
  }, 60_000);

  it.each<[string, string, () => string, string[], RegExp]>([
    ['crashes', '0.3.0', () => 'process.exit(3);\n', [], /ended 5 times by itself/],
    ['never becomes ready', '0.4.0', () => 'setInterval(() => {}, 1000);\n', ['--patience', '5s'], /was not ready within 5 s/],
  ])('to a version that %s puts the old one back by itself, and says so', async (_what, version, worker, options, said) => {
    const old = folderOf(known(archives.second));
    await pack(lab.downloads, { version, worker });
    const started = Date.now();
    const { exitCode, stderr } = await lab.command(host, ['upgrade', ...options]);
    console.info(`back after ${String(Date.now() - started)} ms`);
    expect({ exitCode, said: said.test(stderr) ? '' : stderr }).toEqual({ exitCode: 1, said: '' });
    expect(stderr).toContain(`did not come up, and ${old} runs again`);
    expect(Date.now() - started).toBeLessThan(90_000);
    const { current, status } = await seen();
    expect({ current, ready: status.includes(`ready: ${old}`) }).toEqual({ current: old, ready: true });
    expect(await lab.succeed(host, ['maestro-host', 'status'])).toContain(`back to ${old}`);
    await lab.api.waitForNodes([host]);
  }, 120_000);

  it('is what the install command does on a host that has an older version', async () => {
    const newest = await pack(lab.downloads, { version: '0.5.0', worker: (real) => `${real}\n//5` });
    const { exitCode, stdout, stderr } = await lab.install(host, { token: null });
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    expect((await seen()).status).toContain(`ready: ${folderOf(newest)}`);
    expect((await lab.succeed(host, ['ls', '-A', '/opt/maestro-host'])).trim().split('\n').sort()).toEqual([folderOf(known(archives.second)), folderOf(newest), 'current', 'previous'].sort());
  }, 60_000);
});

describe('the watch over a change', () => {
  const dropIn = '/run/systemd/system/maestro-host-upgrade.service.d/fault.conf';

  /** Hands a change to the other version over to the unit, as `maestro-host upgrade` does. */
  async function begin(): Promise<{ id: string; from: string; to: string }> {
    const from = await lab.current(host);
    const to = (await lab.succeed(host, ['ls', '/opt/maestro-host'])).split('\n').find((name) => /^0\./.test(name) && name !== from) ?? '';
    const id = `${String(Date.now())}`;
    await lab.succeed(host, ['ln', '-sfn', from, '/opt/maestro-host/previous']);
    await lab.fleet.host(host).writeFile('/var/lib/maestro/bundle/upgrade.json', JSON.stringify({ id, from, to, state: 'prepared', starts: 0, patience_ms: 20_000, reason: null }), { mode: '0600' });
    await lab.succeed(host, ['systemctl', 'restart', '--no-block', 'maestro-host-upgrade']);
    return { id, from, to };
  }

  async function eventually<T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const value = await read();
      if (wanted(value)) return value;
      if (Date.now() > deadline) throw new Error(`last seen: ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  const outcome = async (): Promise<{ id: string; result: string }> => JSON.parse((await lab.fleet.host(host).exec(['cat', '/var/lib/maestro/bundle/upgrade-outcome.json'])).stdout || '{"id":"","result":""}') as { id: string; result: string };
  const restarts = async (): Promise<number> => Number((await lab.succeed(host, ['systemctl', 'show', '--value', '--property=NRestarts', 'maestro-host-upgrade'])).trim());

  async function consistent({ id, from, to }: { id: string; from: string; to: string }): Promise<string> {
    const { result } = await eventually(outcome, (found) => found.id === id);
    const runs = result === 'upgraded' ? to : from;
    await eventually(async () => (await seen()).status, (status) => status.includes(`ready: ${runs}`) && !status.includes('changing'));
    expect(await lab.current(host)).toBe(runs);
    return result;
  }

  it.each(few(['upgrade.marked', 'upgrade.linked', 'upgrade.units', 'upgrade.restarted', 'outcome'], 1))('killed at %s goes on, and ends with one of the two running', async (point) => {
    await lab.fleet.host(host).writeFile(dropIn, `[Service]\nEnvironment=MAESTRO_TEST_FAULTS=1 MAESTRO_FAULT=${point}:kill\n`);
    await lab.succeed(host, ['systemctl', 'daemon-reload']);
    const change = await begin();
    await eventually(restarts, (count) => count >= 1);
    await lab.succeed(host, ['sh', '-c', `rm ${dropIn} && systemctl daemon-reload`]);
    await consistent(change);
  }, 90_000);

  it('goes on after the power failed in the middle of it', async () => {
    await lab.fleet.host(host).writeFile(dropIn, '[Service]\nEnvironment=MAESTRO_TEST_FAULTS=1 MAESTRO_FAULT=upgrade.linked:kill\n');
    await lab.succeed(host, ['systemctl', 'daemon-reload']);
    const change = await begin();
    await eventually(restarts, (count) => count >= 1);
    // What is in /run does not come back.
    await lab.fleet.host(host).reboot('power-loss');
    await consistent(change);
  }, 120_000);

  if (thorough) it('killed again and again goes back', async () => {
    await lab.fleet.host(host).writeFile(dropIn, '[Service]\nEnvironment=MAESTRO_TEST_FAULTS=1 MAESTRO_FAULT=upgrade.restarted:kill\n');
    await lab.succeed(host, ['systemctl', 'daemon-reload']);
    const change = await begin();
    expect(await consistent(change)).toBe('returned');
    await lab.succeed(host, ['sh', '-c', `rm ${dropIn} && systemctl daemon-reload`]);
  }, 90_000);
});
