/**
 * The change from one version to another, run by a unit of its own from the old version's folder. It writes down what it is
 * about to do before it does it, so that after a kill or a reboot it goes on, and ends with either version running.
 */
import { join } from 'node:path';
import { buildOf } from '../../spec/host-bundle/shapes.js';
import { messageOf } from '../trouble.js';
import type { BundleContext } from './context.js';
import { removeOthers } from './place.js';
import { installUnits, notReady, restartWorker } from './service.js';
import { endUpgrade, linkedFolder, pointTo, readUpgrade, saveUpgrade, type UpgradeMark } from './settings.js';

/** A watch that was ended this often goes back. */
const startsMax = 3;


export async function settle(context: BundleContext): Promise<void> {
  const { layout, say } = context;
  const found = await readUpgrade(layout);
  if (found === null) return say('no change of version is under way');
  const mark = { ...found, starts: found.starts + 1 };
  await saveUpgrade(layout, mark);
  if (mark.state === 'returning') return goBack(context, mark);
  if (mark.starts > startsMax) return goBack(context, { ...mark, reason: `the change was interrupted ${String(mark.starts - 1)} times` });
  const why = await goForward(context, mark).catch(messageOf);
  if (why !== null) return goBack(context, { ...mark, reason: why });
  await end(context, mark, 'upgraded');
}

/** null: the new version is ready. */
async function goForward({ layout, say, fault }: BundleContext, mark: UpgradeMark): Promise<string | null> {
  await saveUpgrade(layout, { ...mark, state: 'switched' });
  await fault('upgrade.marked');
  say(`changing from ${mark.from} to ${mark.to}`);
  await run(layout, mark.to, fault, 'upgrade');
  return notReady(layout, buildOf(mark.to), mark.patience_ms);
}

async function goBack(context: BundleContext, mark: UpgradeMark): Promise<void> {
  const { layout, say, fault } = context;
  await saveUpgrade(layout, { ...mark, state: 'returning' });
  await fault('return.marked');
  say(`${mark.to} does not come up (${mark.reason ?? ''}); going back to ${mark.from}`);
  await run(layout, mark.from, fault, 'return');
  const still = await notReady(layout, buildOf(mark.from), mark.patience_ms);
  await end(context, still === null ? mark : { ...mark, reason: `${mark.reason ?? ''}; ${mark.from} was started again, but ${still}` }, 'returned');
}

async function run(layout: BundleContext['layout'], name: string, fault: BundleContext['fault'], doing: string): Promise<void> {
  if ((await linkedFolder(layout.current)) !== name) await pointTo(layout.current, name);
  await fault(`${doing}.linked`);
  await installUnits(layout, join(layout.bundles, name));
  await fault(`${doing}.units`);
  await restartWorker();
  await fault(`${doing}.restarted`);
}

async function end({ layout, say, fault }: BundleContext, { id, from, to, reason }: UpgradeMark, result: 'upgraded' | 'returned'): Promise<void> {
  await fault('outcome');
  await endUpgrade(layout, { id, from, to, result, reason: result === 'upgraded' ? null : reason, ended_at: new Date().toISOString() });
  say(result === 'upgraded' ? `${to} runs` : `${from} runs again`);
  await removeOthers(layout, Date.now()).catch((error: unknown) => say(`older versions could not be removed: ${messageOf(error)}`));
}
