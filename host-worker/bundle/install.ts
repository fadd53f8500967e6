/**
 * What the install script hands over to, from the folder that it has unpacked: check, put in place, enroll, start, wait.
 * On a host that has a version already this is the change to another one. Run again after a kill, it goes on.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { refusalOf } from '../../spec/host-bundle/accept.js';
import { folderName, trustedKey, type BundleManifest, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { changeVersion, finishPending } from './change-version.js';
import { alone, thisPlatform, type BundleContext } from './context.js';
import { comeIn, isEnrolled, type Joined, type Joining } from './enrollment.js';
import { workerUnit, upgradeUnit } from './layout.js';
import { place, removeOthers } from './place.js';
import { keyId, openRelease, verifyFolder } from './release.js';
import { installUnits, isEnabled, notReady, readyNow, restartWorker, systemctl, unitIsThere } from './service.js';
import { installed, linkedFolder, pointTo, saveSettings } from './settings.js';

export interface InstallOptions extends Joining { url: string; /** Path of the signed release. */ release: string; /** In hex, from the script. */ key: string }

const readyWithinMs = 60_000;

export function install(context: BundleContext, options: InstallOptions): Promise<void> {
  return alone(context, async () => {
    const { layout, folder, say, fault } = context;
    const keys = [keyOf(options.key)];
    const release = openRelease(await readFile(options.release, 'utf8'), keys, Date.now());
    const manifest = await verifyFolder(folder, release.archive.manifest_sha256);
    await finishPending(context);
    const before = await installed(layout).catch(() => null);
    const refusal = refusalOf(release, { platform: thisPlatform(), version: before?.version ?? null, nowMs: Date.now() });
    if (refusal !== null) throw refusal;
    await fault('install.checked');
    const name = await place(layout, folder, manifest);
    await fault('install.placed');
    // Whoever runs the script as root decides whose releases this host takes.
    await saveSettings(layout, { url: options.url, keys });
    await fault('install.settings');
    const upgrades = before !== null && folderName(before) !== name && (await isEnrolled(layout)) && (await serves(context));
    const joined = await comeIn(layout, options);
    say(joined.said);
    await fault('install.enrolled');
    if (upgrades) return changeVersion(context, name);
    await start(context, joined, name, manifest);
    say(`maestro-host ${manifest.version} (${manifest.build}) is ready`);
  });
}

const serves = async ({ layout }: BundleContext): Promise<boolean> => unitIsThere(layout) && (await isEnabled(workerUnit));

async function start(context: BundleContext, joined: Joined, name: string, manifest: BundleManifest): Promise<void> {
  const { layout, fault } = context;
  const changed = (await linkedFolder(layout.current)) !== name;
  if (changed) await pointTo(layout.current, name);
  await fault('install.linked');
  await installUnits(layout, join(layout.bundles, name));
  await mkdir(dirname(layout.command), { recursive: true });
  if (!existsSync(layout.command)) await pointTo(layout.command, join(layout.current, 'bin', 'maestro-host'));
  await fault('install.units');
  await systemctl(['enable', '--quiet', workerUnit, upgradeUnit]);
  await fault('install.enabled');
  if (changed || joined.changed || (await readyNow(layout))?.build !== manifest.build) await restartWorker();
  await fault('install.started');
  const why = await notReady(layout, manifest.build, readyWithinMs);
  if (why !== null) throw new MaestroError('runtime_error', `the host worker is installed and started, but ${why}`, { fix: `Read journalctl -u ${workerUnit}; when the cause is away, it becomes ready by itself.` });
  await removeOthers(layout, Date.now());
}

function keyOf(hex: string): TrustedKey {
  const parsed = trustedKey.safeParse({ id: keyId(hex), public_key: hex, expires_at: null });
  if (parsed.success) return parsed.data;
  throw new MaestroError('config_error', '--key is not an Ed25519 public key in hex', { fix: 'Use the install script of your control plane as it is.' });
}
