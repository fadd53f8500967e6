/** Asks the control plane for its newest version, and changes to it when a key that this host knows has signed it. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { refusalOf } from '../../spec/host-bundle/accept.js';
import { folderName, type ArchiveFacts, type BundleManifest, type Release, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { unpack } from '../archive/unpack.js';
import { runProgram } from '../run-program.js';
import { messageOf } from '../trouble.js';
import { changeVersion, finishPending } from './change-version.js';
import { alone, thisPlatform, type BundleContext } from './context.js';
import { upgradePrefix } from './layout.js';
import { place, removeUnfinished } from './place.js';
import { openRelease, verifyFolder } from './release.js';
import { followHandovers } from './handover.js';
import { installed, readSettings, saveSettings } from './settings.js';

const askTimeoutMs = 30_000;
const downloadTimeoutMs = 15 * 60_000;
const releaseBytesMax = 64 << 10;
const tryTimeoutMs = 20_000;

export interface UpgradeOptions { /** In place of the control plane that this host was installed from; the keys stay. */ url: string | undefined; patienceMs: number | undefined }

export function upgrade(context: BundleContext, options: UpgradeOptions): Promise<void> {
  return alone(context, async () => {
    const { layout, say } = context;
    const nothingHere = (): MaestroError => new MaestroError('config_error', 'no maestro-host is installed here', { fix: 'Run the install command of your control plane.' });
    const settings = await readSettings(layout);
    if (settings === null) throw nothingHere();
    await finishPending(context);
    // Only now: what was under way may have made it another one.
    const before = await installed(layout);
    if (before === null) throw nothingHere();
    const url = (options.url ?? settings.url).replace(/\/+$/, '');
    const platform = thisPlatform();
    const keys = await currentKeys(url, settings.keys);
    if (keys.some(({ id }, index) => id !== settings.keys[index]?.id)) {
      await saveSettings(layout, { ...settings, keys });
      say('the control plane signs with another key by now; the one before has handed over to it');
    }
    const release = openRelease(await textOf(`${url}/download/${platform}.release.json`), keys, Date.now());
    const refusal = refusalOf(release, { platform, version: before.version, nowMs: Date.now() });
    if (refusal !== null) throw refusal;
    if (release.archive.build === before.build) return say(`${folderName(before)} is the newest`);
    await changeVersion(context, await fetched(context, url, release), options.patienceMs);
    say(`maestro-host ${release.archive.version} (${release.archive.build}) is ready`);
  });
}

/** A control plane that says nothing of its keys has not changed them. */
async function currentKeys(url: string, keys: readonly TrustedKey[]): Promise<TrustedKey[]> {
  return textOf(`${url}/download/release-keys.json`).then((text) => followHandovers(text, keys, Date.now()), () => [...keys]);
}

/** Downloads, unpacks, checks, tries and puts in place; answers with the folder's name. Nothing of it is left when one of them fails. */
async function fetched(context: BundleContext, url: string, { archive }: Release): Promise<string> {
  const { layout, say, fault } = context;
  await removeUnfinished(layout);
  const work = await mkdtemp(join(layout.bundles, upgradePrefix));
  try {
    say(`downloading ${archive.file}`);
    const [file, folder] = [join(work, 'archive'), join(work, 'bundle')];
    await downloadTo(`${url}/download/${archive.file}`, file, archive);
    await fault('upgrade.downloaded');
    await mkdir(folder);
    await unpack(file, folder, { name: archive.file, signal: AbortSignal.timeout(downloadTimeoutMs) });
    const manifest = await verifyFolder(folder, archive.manifest_sha256);
    await tried(folder, manifest);
    await fault('upgrade.unpacked');
    const name = await place(layout, folder, manifest);
    await fault('upgrade.placed');
    return name;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Before anything is stopped for it. */
async function tried(folder: string, { node, glibc }: BundleManifest): Promise<void> {
  const { exit_code: code, stderr } = await runProgram(join(folder, 'node'), ['--version'], { timeoutMs: tryTimeoutMs }).catch((error: unknown) => ({ exit_code: -1, stderr: messageOf(error) }));
  if (code !== 0) throw new MaestroError('dependency_missing', `Node ${node} of the new version does not run on this host: ${stderr.trim().slice(0, 300)}`, { fix: `It needs glibc ${glibc} or newer: upgrade the host's system first.` });
}

async function answerOf(url: string, timeoutMs: number): Promise<Response & { body: ReadableStream<Uint8Array> }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), headers: { 'accept-encoding': 'identity' } }).catch((error: unknown) => {
    throw new MaestroError('fetch_failed', `${url} cannot be reached: ${messageOf(error)}`, { fix: 'Check that this host reaches the control plane, then try again.', cause: error });
  });
  if (response.ok && response.body !== null) return response as Response & { body: ReadableStream<Uint8Array> };
  throw new MaestroError('fetch_failed', `${url} answers ${String(response.status)}`, { fix: 'Check --url, and that the control plane has a host bundle (node scripts/build.mjs host-bundle).' });
}

async function textOf(url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (await answerOf(url, askTimeoutMs)).body) {
    bytes += chunk.length;
    if (bytes > releaseBytesMax) throw new MaestroError('fetch_failed', `${url} answers more than a release`, { fix: 'Check --url.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Throws config_error unless what came is what the release names. */
async function downloadTo(url: string, path: string, { bytes: size, sha256 }: ArchiveFacts): Promise<void> {
  const differs = (why: string): MaestroError => new MaestroError('config_error', `${url} is not what the release names: ${why}; nothing was changed`, { fix: 'Try again; when it happens again, somebody is changing what this host downloads.', details: { reason: 'archive' } });
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  let bytes = 0;
  try {
    for await (const chunk of (await answerOf(url, downloadTimeoutMs)).body) {
      bytes += chunk.length;
      if (bytes > size) throw differs('it is longer');
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (bytes !== size) throw differs('it is shorter');
  if (hash.digest('hex') !== sha256) throw differs('its SHA-256 is another one');
}
