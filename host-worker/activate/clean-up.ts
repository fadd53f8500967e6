/** What an attempt that is committed has no use for any more: the old one, old releases and images, and copies for putting back. */
import type { StepReporter } from '../control-plane/step-reporter.js';
import { retireOld } from '../docker/beside.js';
import { waitForDocker } from '../docker/client.js';
import { keepUp, removeOld } from '../docker/replace.js';
import { pruneReleases } from '../files/write-tree.js';
import { pruneImages } from '../images/kept-images.js';
import { forgetPrevious } from '../journal/previous.js';
import { retireTurn, unitsAfter } from '../slots/turn.js';
import { pruneSourceReleases } from '../source/releases.js';
import { messageOf, PassingTrouble } from '../trouble.js';
import type { HostDeps } from './host-deps.js';
import type { OpenRecord } from './open-attempt.js';
import type { Step } from './step.js';
import { dockerPatienceMs } from './taking-back.js';

/** Nothing waits for it, and whoever gives up leaves two where there should be one. */
const roundsMax = 8;

/** Ends the attempt. Never fails: what cannot be removed is said, and left to the next attempt. */
export async function finishCommitted(deps: HostDeps, report: StepReporter, step: Step, record: OpenRecord): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      return await removeLeftovers(deps, report, step, record);
    } catch (error) {
      deps.log.warn({ component: record.component, round, error: messageOf(error) }, 'what a finished attempt left behind could not be removed');
      // An old one that runs on beside the new one is worth a wait for a Docker that went away.
      if (!(error instanceof PassingTrouble) || round >= roundsMax || !(await dockerComesBack(deps, step))) {
        return report.output('info', `cleaning up failed, it is tried again next time: ${messageOf(error)}`);
      }
    }
  }
}

const dockerComesBack = ({ docker }: HostDeps, { signal }: Step): Promise<boolean> => waitForDocker(docker, dockerPatienceMs, signal).then(() => true, () => false);

async function removeLeftovers(deps: HostDeps, report: StepReporter, step: Step, record: OpenRecord): Promise<void> {
  for (const entry of record.attempt.undo) {
    if (entry.kind !== 'container') continue;
    await (entry.beside === true ? retireOld(deps, step, entry) : removeOld(deps.docker, step, entry));
    // Its address may be another one now.
    if ((await keepUp(deps.docker, step, entry)) && (await deps.publisher.isUsed())) await step.effect('publish.rules', () => deps.publisher.refresh());
  }
  const turn = record.attempt.undo.find((entry) => entry.kind === 'slot');
  if (turn !== undefined) await retireTurn(deps, step, turn);
  const trees = await Promise.all(record.trees.map(async (tree) => ({ ...tree, releases: tree.strategy === 'atomic_symlink' ? await pruneReleases(tree) : [] })));
  await pruneSourceReleases(deps.journal, record);
  await pruneImages(deps, record, step.signal, (line) => report.output('info', line));
  await forgetPrevious(deps.journal.previousFolder(record));
  await step.effect('journal.end', () => deps.journal.savePlacement({ ...record, ...(turn === undefined ? {} : { units: unitsAfter(record.units, turn) }), trees, attempt: { ...record.attempt, state: 'ended' } }));
}
