/** Hands a change of version over to the unit that carries it out, and waits for how it ends. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../../spec/errors.js';
import type { BundleContext } from './context.js';
import { upgradeUnit } from './layout.js';
import { isActive, systemctl, unitIsThere } from './service.js';
import { dropUpgrade, linkedFolder, pointTo, readOutcome, readUpgrade, saveUpgrade, type UpgradeOutcome } from './settings.js';

/** A new version has this long to be ready. */
export const patienceMs = 60_000;
/** For stopping and starting on both ways, around the patience of each. */
const slackMs = 240_000;
const pollMs = 200;

/** Throws runtime_error when the old version had to be put back. `to`: a folder that is in place and checked. */
export async function changeVersion(context: BundleContext, to: string, patience = patienceMs): Promise<void> {
  const { layout, say, fault } = context;
  const from = await linkedFolder(layout.current);
  if (from === null) throw new MaestroError('internal', 'there is no version to change from', { fix: 'Run the install command again.' });
  const id = randomUUID();
  await pointTo(layout.previous, from);
  await fault('change.previous');
  await saveUpgrade(layout, { id, from, to, state: 'prepared', starts: 0, patience_ms: patience, reason: null });
  await fault('change.marked');
  say(`changing from ${from} to ${to}; when it is not ready within ${String(Math.round(patience / 1000))} s, ${from} is put back`);
  await systemctl(['restart', '--no-block', upgradeUnit]);
  await fault('change.started');
  told(await outcomeOf(context, id, 2 * patience + slackMs));
}

/** A change that an earlier command has begun and nobody carries out any more is carried out first. */
export async function finishPending(context: BundleContext): Promise<void> {
  const pending = await readUpgrade(context.layout);
  if (pending === null) return;
  // Of an installation that is gone, or was never finished.
  if (!unitIsThere(context.layout) || (await linkedFolder(context.layout.previous)) !== pending.from) return dropUpgrade(context.layout);
  context.say(`a change from ${pending.from} to ${pending.to} is under way; waiting for its end`);
  if (!(await isActive(upgradeUnit))) await systemctl(['start', '--no-block', upgradeUnit]);
  await outcomeOf(context, pending.id, 2 * pending.patience_ms + slackMs);
}

async function outcomeOf({ layout }: BundleContext, id: string, withinMs: number): Promise<UpgradeOutcome> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const outcome = await readOutcome(layout);
    if (outcome?.id === id && (await readUpgrade(layout)) === null) return outcome;
    if (performance.now() > deadline) throw new MaestroError('timeout', 'the change of version does not end', { fix: `Look at systemctl status ${upgradeUnit} and journalctl -u ${upgradeUnit}.` });
    await sleep(pollMs);
  }
}

function told({ result, from, to, reason }: UpgradeOutcome): void {
  if (result === 'upgraded') return;
  throw new MaestroError('runtime_error', `${to} did not come up, and ${from} runs again: ${reason ?? ''}`, { fix: 'Read journalctl -u maestro-host, correct the cause, and run the upgrade again.', details: { reason: 'returned' } });
}
