/** The worker as a service of systemd: its units, and whether it is ready. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { readDurable, syncFolder, writeSynced } from '../journal/durable-file.js';
import { runProgram } from '../run-program.js';
import { isMissing } from '../trouble.js';
import { type Layout, upgradeUnit, workerUnit } from './layout.js';

const queryTimeoutMs = 15_000;
/** Longer than TimeoutStopSec of the unit. */
const jobTimeoutMs = 120_000;
const pollMs = 200;
/** A worker that ends this often by itself does not come up. */
const restartsMax = 5;

export async function systemctl(argv: readonly string[], timeoutMs = jobTimeoutMs): Promise<string> {
  const { exit_code: code, stdout, stderr } = await runProgram('systemctl', argv, { timeoutMs });
  if (code === 0) return stdout;
  throw new MaestroError('runtime_error', `systemctl ${argv.join(' ')} failed: ${stderr.trim().slice(0, 500)}`, { fix: `Look at systemctl status ${workerUnit} and journalctl -u ${workerUnit}.` });
}

async function shown(unit: string, ...names: string[]): Promise<Record<string, string>> {
  const text = await systemctl(['show', `--property=${names.join(',')}`, '--', unit], queryTimeoutMs);
  return Object.fromEntries(text.trim().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

export const isActive = async (unit: string): Promise<boolean> => ['active', 'activating', 'reloading'].includes((await shown(unit, 'ActiveState'))['ActiveState'] ?? '');
export const isEnabled = async (unit: string): Promise<boolean> => (await shown(unit, 'UnitFileState'))['UnitFileState'] === 'enabled';

/** Those of the bundle take the place of what is there, where they differ. */
export async function installUnits(layout: Layout, folder: string): Promise<void> {
  const from = join(folder, 'units');
  await mkdir(layout.units, { recursive: true });
  let changed = false;
  for (const name of [workerUnit, upgradeUnit]) {
    const wanted = await readFile(join(from, name));
    const path = join(layout.units, name);
    const there = await readFile(path).catch((error: unknown) => { if (isMissing(error)) return null; throw error; });
    if (there?.equals(wanted) === true) continue;
    await writeSynced(`${path}.tmp`, wanted);
    await chmod(`${path}.tmp`, 0o644);
    await rename(`${path}.tmp`, path);
    changed = true;
  }
  if (changed) await syncFolder(layout.units);
  // Also when a run before this one was ended between the two.
  await systemctl(['daemon-reload']);
}

const ready = z.object({ pid: z.number(), version: z.string(), build: z.string().nullable() });
export type Ready = z.infer<typeof ready>;

/** What the worker that runs now says of itself; null: it is not ready. */
export async function readyNow({ runtime }: Layout): Promise<Ready | null> {
  const said = await readDurable(join(runtime, 'ready.json'), ready).catch(() => null);
  if (said === null) return null;
  const { ActiveState: state, MainPID: pid } = await shown(workerUnit, 'ActiveState', 'MainPID');
  return state === 'active' && Number(pid) === said.pid ? said : null;
}

/** null: it is ready, as this build. Otherwise why it is not, after `patienceMs` or as soon as it is sure. */
export async function notReady(layout: Layout, build: string, patienceMs: number): Promise<string | null> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const said = await readyNow(layout);
    if (said?.build === build) return null;
    const { NRestarts: restarts = '0', ActiveState: state = '' } = await shown(workerUnit, 'NRestarts', 'ActiveState');
    if (Number(restarts) >= restartsMax) return `it ended ${restarts} times by itself: ${await lastWords()}`;
    if (performance.now() > deadline) return `it was not ready within ${String(Math.round(patienceMs / 1000))} s (${state}): ${await lastWords()}`;
    await sleep(pollMs);
  }
}

/** The log holds no secrets. */
async function lastWords(): Promise<string> {
  const { stdout } = await runProgram('journalctl', ['--unit', workerUnit, '--lines', '4', '--output', 'cat', '--no-pager', '--quiet'], { timeoutMs: queryTimeoutMs }).catch(() => ({ stdout: '' }));
  return stdout.trim().split('\n').map((line) => line.trim().slice(0, 200)).join(' | ') || 'it says nothing in its log';
}

/** As it would be after a boot, except that systemd counts its restarts anew. */
export async function restartWorker(): Promise<void> {
  await runProgram('systemctl', ['reset-failed', workerUnit], { timeoutMs: queryTimeoutMs });
  await systemctl(['restart', workerUnit]);
}

export async function removeUnits(layout: Layout): Promise<void> {
  for (const unit of [upgradeUnit, workerUnit]) {
    await runProgram('systemctl', ['disable', '--now', '--quiet', unit], { timeoutMs: jobTimeoutMs });
    await rm(join(layout.units, unit), { force: true });
    await rm(join(layout.units, `${unit}.d`), { recursive: true, force: true });
  }
  await systemctl(['daemon-reload']);
  await runProgram('systemctl', ['reset-failed', workerUnit, upgradeUnit], { timeoutMs: queryTimeoutMs });
}

export const unitIsThere = ({ units }: Layout): boolean => existsSync(join(units, workerUnit));
