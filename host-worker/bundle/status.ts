/** What a person on the host wants to know. */
import { folderName } from '../../spec/host-bundle/shapes.js';
import type { BundleContext } from './context.js';
import { workerUnit } from './layout.js';
import { isActive, readyNow } from './service.js';
import { installed, readOutcome, readUpgrade } from './settings.js';

export async function status({ layout, say }: BundleContext): Promise<void> {
  const manifest = await installed(layout);
  if (manifest === null) return say('no maestro-host is installed here');
  const ready = await readyNow(layout);
  say(`installed: ${folderName(manifest)} (Node ${manifest.node})`);
  say(ready === null ? `not ready (${workerUnit} is ${(await isActive(workerUnit)) ? 'running' : 'not running'})` : `ready: ${ready.version}${ready.build === null ? '' : `-${ready.build}`}`);
  const [pending, last] = [await readUpgrade(layout), await readOutcome(layout)];
  if (pending !== null) say(`changing from ${pending.from} to ${pending.to} (${pending.state})`);
  else if (last !== null) say(`last change: ${last.result === 'upgraded' ? `${last.from} to ${last.to}` : `${last.to} did not come up, back to ${last.from}: ${last.reason ?? ''}`} at ${last.ended_at}`);
}
