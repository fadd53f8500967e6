/** The way back from an attempt that failed or was cancelled: what was there before serves again, whatever happens meanwhile. */
import { CancelledFailure } from '@temporalio/common';
import type { ActivityScope } from '../activity-scope.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import { waitForDocker } from '../docker/client.js';
import { lastLines } from '../docker/container-logs.js';
import { createdBy, listAll } from '../docker/own-containers.js';
import { cancelledByHost } from '../../spec/words.js';
import type { AttemptKey } from '../journal/journal.js';
import type { Outcome } from '../journal/records.js';
import { lastUnitLines } from '../systemd/unit.js';
import { messageOf, PassingTrouble } from '../trouble.js';
import { describeFailure, outputTailOf } from './failures.js';
import type { HostDeps } from './host-deps.js';
import type { OpenRecord } from './open-attempt.js';
import { undoStep } from './step.js';
import { closeUndone, undo } from './undo.js';

/** How often Docker may go away in the middle, and how long it is waited for. */
export const roundsMax = 3;
export const dockerPatienceMs = 60_000;

export class TakingBack {
  constructor(private readonly deps: HostDeps, private readonly key: AttemptKey, private readonly scope: ActivityScope, private readonly report: StepReporter) {}

  /** Written before the first thing is put back, so that a repeat goes on putting back and does not start anew. */
  async decide(record: OpenRecord, error: unknown): Promise<OpenRecord> {
    const cancelled = this.scope.signal.aborted;
    const told = outputTailOf(error);
    const tail = cancelled || told !== '' ? told : await this.lastWords(record);
    if (tail !== told) this.report.output('stderr', tail);
    const failure = cancelled ? null : describeFailure(error, this.report, tail);
    this.report.output('info', cancelled ? 'cancelled; putting things back' : `failed: ${messageOf(error)}`);
    const undoing: OpenRecord = { ...record, attempt: { ...record.attempt, state: 'undoing', failure } };
    await undoStep(this.key, this.report, this.deps.fault).effect('journal.undo', () => this.deps.journal.savePlacement(undoing));
    return undoing;
  }

  async takeBack(record: OpenRecord): Promise<Outcome> {
    const step = undoStep(this.key, this.report, this.deps.fault);
    const { failure } = record.attempt;
    let putBack = false;
    let trouble = '';
    for (let round = 1; round <= roundsMax; round += 1) {
      try {
        putBack = await undo(this.deps, step, record);
        break;
      } catch (error) {
        if (error instanceof PassingTrouble && round < roundsMax) await waitForDocker(this.deps.docker, dockerPatienceMs, step.signal);
        else if (error instanceof PassingTrouble) throw error;
        else {
          trouble = `; what was there before could not be put back: ${this.report.withoutSecrets(messageOf(error))}`;
          break;
        }
      }
    }
    const told = failure === null ? null : { ...failure, message: `${failure.message}${trouble}`, put_back: putBack, phases: this.report.phases.length > 0 ? this.report.phases : failure.phases };
    if (told === null && trouble !== '') this.report.output('info', trouble.slice(2));
    if (putBack) this.report.output('info', 'the old one serves again');
    await closeUndone(this.deps, step, record, told);
    if (told === null) throw new CancelledFailure('cancelled; what was there before is in place', [cancelledByHost]);
    return { ended: 'failed', failure: told };
  }

  /** What the one that failed said last. */
  private async lastWords({ attempt }: OpenRecord): Promise<string> {
    for (const entry of attempt.undo) {
      if (entry.kind === 'unit' || entry.kind === 'slot') return lastUnitLines(entry.unit);
      if (entry.kind !== 'container') continue;
      const created = entry.how === 'deploy' ? createdBy(await listAll(this.deps.docker).catch(() => []), this.key)?.id : entry.old?.id;
      return created === undefined ? '' : lastLines(this.deps.docker, created);
    }
    return '';
  }
}
