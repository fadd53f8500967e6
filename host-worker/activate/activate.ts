/**
 * Making a placement what it shall be, once per attempt: however often it is repeated after a lost answer or a
 * kill, it goes on where the marks say it was, and tells the first result again when it was done.
 */
import { CancelledFailure } from '@temporalio/common';
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { changesHost, type Operation, type PlacementPlan } from '../../spec/plan.js';
import { isRolloutId } from '../../spec/words.js';
import type { ActivateResult, PlacementWork } from '../../workflows/shared.js';
import type { ActivityScope } from '../activity-scope.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import { loginsOf } from '../credentials/logins.js';
import { waitForDocker } from '../docker/client.js';
import { attemptLabel, type AttemptKey } from '../journal/journal.js';
import type { AppliedRecord, AttemptRecord, Outcome, PlacementRecord } from '../journal/records.js';
import { noteImage, rememberApplied } from '../images/kept-images.js';
import type { DockerPlacement } from '../observe/containers.js';
import { decide } from '../pins/decide.js';
import { fetchPinned } from '../pins/fetch-pinned.js';
import { ensureRelease } from '../source/prepare-source.js';
import { hasSource, pinObserved } from '../source/releases.js';
import { testAfter, testBefore } from '../tests/stages.js';
import { LeftForRepeat, messageOf, Overtaken, PassingTrouble } from '../trouble.js';
import { finishCommitted } from './clean-up.js';
import { awaitHealth, execute } from './execute.js';
import { describeFailure, outputTailOf, StepFailed } from './failures.js';
import type { HostDeps } from './host-deps.js';
import { openAttempt, type OpenRecord } from './open-attempt.js';
import { refuseUnallowed } from './allowed.js';
import { lookForMoved, noteLeft, refuseMoved } from './planned.js';
import { runtimeOf } from './runtime.js';
import { forwardStep, type Step, throwIfCancelled, undoStep } from './step.js';
import { dockerPatienceMs, roundsMax, TakingBack } from './taking-back.js';
import { closeUndone, undo } from './undo.js';

const lookBackMs = 30_000;

export const keyOf = ({ deploy_id, component, run_id, attempt }: PlacementWork): AttemptKey => ({ deploy_id, component, run_id, attempt });
export const lockOf = ({ deploy_id, component }: PlacementWork): string => `${deploy_id}/${component}`;

export async function activate(deps: HostDeps, work: PlacementWork, scope: ActivityScope, report: StepReporter): Promise<ActivateResult> {
  const key = keyOf(work);
  const before = await deps.journal.register(key);
  if (before !== null) return told(before);
  return deps.locks.run(lockOf(work), scope.signal, async () => {
    const first = await deps.journal.outcome(key);
    if (first !== null) return told(first);
    await deps.journal.checkFence(key);
    const activation = new Activation(deps, work, scope, report);
    const outcome = await (work.take_back === true ? activation.takeHeldBack() : activation.run());
    return outcome.ended === 'held' ? outcome.result : told(await deps.journal.finish(key, outcome));
  });
}

function told(outcome: Outcome): ActivateResult {
  if (outcome.ended === 'activated') return outcome.result;
  if (outcome.ended === 'failed') throw new StepFailed(outcome.failure);
  throw new MaestroError('conflict', 'this attempt was used for something else', { fix: 'Retry the placement.' });
}

/** How far it came with `hold_switch`; the attempt stays open, or was not begun. */
type Held = { ended: 'held'; result: ActivateResult };

class Activation {
  private readonly key: AttemptKey;
  private readonly step: Step;
  private readonly back: TakingBack;

  constructor(private readonly deps: HostDeps, private readonly work: PlacementWork, private readonly scope: ActivityScope, private readonly report: StepReporter) {
    this.key = keyOf(work);
    this.back = new TakingBack(deps, this.key, scope, report);
    this.step = forwardStep(this.key, scope.signal, report, deps.journal, deps.fault);
  }

  async run(): Promise<Outcome | Held> {
    const record = await this.deps.journal.placement(this.key);
    const open = isOpen(record) ? record : null;
    const ended = open === null && record.attempt !== null && this.isMine(record.attempt) ? endOf(record.attempt) : null;
    if (ended !== null) return ended;
    if (open !== null && this.isMine(open.attempt)) {
      if (open.attempt.state === 'committed') return this.cleanUp(open);
      if (open.attempt.state === 'undoing') return this.back.takeBack(open);
    }
    const desired = await this.desired();
    if (open !== null && this.isMine(open.attempt) && open.attempt.hash === desired.hash) return this.goOn(desired, open);
    const unallowed = await this.refusal(async () => refuseUnallowed(desired));
    if (unallowed !== null) return unallowed;
    if (open === null) return this.begin(desired, false);
    const refused = await this.refusal(() => lookForMoved(this.deps, this.key, desired, this.scope.signal));
    if (refused !== null) return refused;
    await this.settle(open);
    return this.begin(desired, true);
  }

  /** How it ends when the placement is not as the plan that is carried out has seen it. */
  private async refusal(look: () => Promise<void>): Promise<Outcome | null> {
    try {
      await look();
      return null;
    } catch (error) {
      if (isPassing(error)) throw error;
      return this.failed(error, '');
    }
  }

  /** Nothing more happens under this attempt: one that comes late is told so. */
  async takeHeldBack(): Promise<Outcome> {
    const result: ActivateResult = { changed: false, operations: [], phases: [], taken_back: true };
    const record = await this.deps.journal.placement(this.key);
    const mine = record.attempt !== null && this.isMine(record.attempt) ? record.attempt : null;
    if (mine?.state === 'ended') return endOf(mine) ?? { ended: 'activated', result: { ...result, taken_back: false } };
    if (mine === null || !isOpen(record)) return { ended: 'activated', result: { ...result, taken_back: false } };
    if (mine.state === 'committed') return this.cleanUp(record);
    this.report.output('info', 'taking the new one away again; the old one goes on serving');
    const undoing: OpenRecord = { ...record, attempt: { ...mine, state: 'undoing', result } };
    await undoStep(this.key, this.report, this.deps.fault).effect('journal.undo', () => this.deps.journal.savePlacement(undoing));
    const failed = await this.back.takeBack(undoing).catch((error: unknown) => {
      if (error instanceof CancelledFailure) return null;
      throw error;
    });
    return failed ?? { ended: 'activated', result };
  }

  private get holds(): boolean {
    return this.work.hold_switch === true;
  }

  private isMine(attempt: AttemptRecord): boolean {
    return attempt.run_id === this.key.run_id && attempt.attempt === this.key.attempt;
  }

  private async desired(): Promise<DesiredPlacement> {
    const [desired] = await this.deps.control.desired({ run_id: this.work.run_id, component: this.work.component, content: true }, this.scope.signal);
    if (desired !== undefined && desired.component === this.work.component && desired.deploy_id === this.work.deploy_id) {
      this.report.keepSecret(desired.redact ?? []);
      return desired;
    }
    throw new MaestroError('not_found', `the control plane has nothing for ${this.work.component} on ${this.deps.node}`, { fix: 'Start a new rollout.' });
  }

  /**
   * An attempt that nobody repeated any more: finished when it was committed, else put back. What cannot be put
   * back does not stop a newer attempt, which starts from whatever is there.
   */
  private async settle(open: OpenRecord): Promise<void> {
    const { run_id, attempt, state } = open.attempt;
    this.report.output('info', `settling attempt ${attemptLabel({ run_id, attempt })}, which was interrupted`);
    const step = undoStep({ ...this.key, run_id, attempt }, this.report, this.deps.fault);
    if (state === 'committed') return finishCommitted(this.deps, this.report, step, open);
    try {
      await undo(this.deps, step, open);
    } catch (error) {
      if (error instanceof PassingTrouble) throw error;
      this.report.output('info', `it could not be put back: ${messageOf(error)}`);
    }
    await closeUndone(this.deps, step, open, null);
  }

  /** `settled`: what was left of another attempt has just been cleared away, after a look at how things were before. */
  private async begin(asked: DesiredPlacement, settled: boolean, mayFetch = true): Promise<Outcome | Held> {
    const sinceMs = performance.now();
    const { desired: [desired = asked], observed: [seen], plans: [plan] } = await decide(this.deps, this.work.run_id, [asked], async () => [await this.desired()], this.scope.signal);
    if (plan === undefined || seen === undefined) throw new MaestroError('internal', `no plan for ${desired.component}`);
    const refused = settled ? null : await this.refusal(() => refuseMoved(this.deps, this.key, desired, seen));
    if (refused !== null) return refused;
    if (plan.action === 'conflict') return this.failed(new MaestroError('conflict', plan.reasons.join('; '), { fix: 'Remove what is in the way, or change the document.' }), '');
    if (this.holds && !canHold(desired, plan)) return notHeld(plan);
    if (isRolloutId(this.work.run_id)) await pinObserved(this.deps.journal, [desired], [seen], [plan]);
    // An image that is pulled again and has not moved is no change; the prepare activity has pulled it.
    if (!changesHost(plan.operations)) return this.unchanged(desired, plan);
    if (mayFetch && !seen.image_present && isUnpinnedPull(desired, plan)) return this.fetchFirst(desired, settled);
    await noteImage(this.deps, desired, this.scope.signal);
    return this.ready(desired, plan.operations, sinceMs, settled);
  }

  /** Nobody has fetched it, and its registry did not say what its name means: it is pinned to what comes, then decided on anew. */
  private async fetchFirst(desired: DockerPlacement, settled: boolean): Promise<Outcome | Held> {
    const tell = (line: string): void => this.report.output('info', line);
    try {
      await this.report.phase('fetch', () => fetchPinned(this.deps, this.work.run_id, desired, { signal: this.scope.signal, tell, loginOf: loginsOf(this.deps.control, this.work.run_id, this.scope.signal, desired.component) }));
    } catch (error) {
      throwIfCancelled(this.scope.signal);
      if (isPassing(error)) throw error;
      return this.failed(error, outputTailOf(error));
    }
    return this.begin(await this.desired(), settled, false);
  }

  /**
   * The prepare activity has made the release and run the tests that come first; what is missing of that is done now.
   * Nothing is touched before. Tests take their time: what was seen before them is looked at anew.
   */
  private async ready(desired: DesiredPlacement, operations: Operation[], seenSinceMs: number, settled: boolean): Promise<Outcome | Held> {
    const source = operations.some(({ op }) => op === 'switch_release');
    let tested: boolean;
    try {
      if (source && hasSource(desired)) await ensureRelease(this.deps, this.step, desired);
      tested = await testBefore(this.deps, this.step, desired);
    } catch (error) {
      throwIfCancelled(this.scope.signal);
      if (isPassing(error)) throw error;
      return this.failed(error, outputTailOf(error));
    }
    return tested ? this.begin(desired, settled) : this.attempt(desired, operations, source ? performance.now() : seenSinceMs);
  }

  /** `seenSinceMs`: since when what was seen of the host is what the operations were decided on. */
  private async attempt(desired: DesiredPlacement, operations: Operation[], seenSinceMs: number): Promise<Outcome | Held> {
    let record: OpenRecord;
    try {
      record = await this.step.effect('journal.open', async () => openAttempt(this.deps, this.key, desired, operations, await this.deps.journal.placement(this.key), seenSinceMs));
    } catch (error) {
      // Nothing was touched yet.
      if (isPassing(error)) throw error;
      return this.failed(error, '');
    }
    return this.goOn(desired, record);
  }

  /** Forward to a healthy placement; Docker going away in the middle is waited out and gone on from. */
  private async goOn(desired: DesiredPlacement, record: OpenRecord): Promise<Outcome | Held> {
    for (let round = 1; ; round += 1) {
      try {
        if (round > 1) await waitForDocker(this.deps.docker, dockerPatienceMs, this.scope.signal);
        const reached = await execute(this.deps, this.step, desired, record, this.holds);
        if (reached === 'held') return { ended: 'held', result: { changed: false, held: true, operations: record.attempt.operations.map(operationText), phases: this.report.phases } };
        await testAfter(this.deps, this.step, desired);
        return await this.commit(desired, record);
      } catch (error) {
        if (this.scope.leaving()) throw new LeftForRepeat('the host worker is going down, or was not heard of in time; the attempt is gone on with');
        if (error instanceof Overtaken || (error instanceof PassingTrouble && round === roundsMax && !this.scope.signal.aborted)) throw error;
        if (this.scope.signal.aborted || !(error instanceof PassingTrouble)) return this.undone(desired, await this.back.takeBack(await this.back.decide(record, error)));
        this.report.output('info', `${error.message}; waiting for it`);
      }
    }
  }

  /** The next attempt may have to tell our traces from what somebody else has changed. */
  private async undone(desired: DesiredPlacement, outcome: Outcome): Promise<Outcome> {
    await noteLeft(this.deps, this.key, desired, AbortSignal.timeout(lookBackMs)).catch((error: unknown) => this.deps.log.warn({ component: desired.component, error: messageOf(error) }, 'how a failed attempt left things could not be noted'));
    return outcome;
  }

  private async commit(desired: DesiredPlacement, record: OpenRecord): Promise<Outcome> {
    const result: ActivateResult = { changed: true, operations: record.attempt.operations.map(operationText), phases: this.report.phases, ...this.report.testsTold };
    const committed: OpenRecord = { ...record, applied: appliedOf(desired), attempt: { ...record.attempt, state: 'committed', result } };
    await rememberApplied(this.deps.journal, desired);
    await this.step.effect('journal.commit', () => this.deps.journal.savePlacement(committed));
    return this.cleanUp(committed);
  }

  /**
   * From here on there is no way back: neither a cancellation nor a newer attempt changes that the new one serves.
   * Nor does an old one that cannot be removed: the next attempt tries that again.
   */
  private async cleanUp(record: OpenRecord): Promise<Outcome> {
    const step = undoStep(this.key, this.report, this.deps.fault);
    await this.report.phase('cleanup', () => finishCommitted(this.deps, this.report, step, record));
    const result = record.attempt.result ?? { changed: true, operations: [], phases: [] };
    return { ended: 'activated', result: { ...result, phases: this.report.phases.length > result.phases.length ? this.report.phases : result.phases } };
  }

  /** Runs as asked. If it is not healthy, waiting may be enough; if it is not, one restart is tried. */
  private async unchanged(desired: DesiredPlacement, plan: PlacementPlan): Promise<Outcome | Held> {
    if (plan.operations.some(({ op }) => op === 'check_health')) {
      try {
        await awaitHealth(this.step, desired, await runtimeOf(this.deps, desired, false));
      } catch (error) {
        throwIfCancelled(this.scope.signal);
        if (isPassing(error)) throw error;
        this.report.output('info', `${messageOf(error)}; restarting it once`);
        const { run } = desired;
        const restart: Operation = run.type === 'docker' ? { op: 'restart_container', name: run.container_name } : { op: 'restart_unit', unit: run.unit_name };
        return this.attempt(desired, [restart, { op: 'check_health' }], performance.now());
      }
    }
    await rememberApplied(this.deps.journal, desired);
    const record = await this.deps.journal.placement(this.key);
    await this.deps.journal.savePlacement({ ...record, applied: appliedOf(desired) });
    return { ended: 'activated', result: { changed: false, operations: plan.operations.map(operationText), phases: this.report.phases } };
  }

  private failed(error: unknown, tail: string): Outcome {
    return { ended: 'failed', failure: describeFailure(error, this.report, tail) };
  }
}

const appliedOf = ({ hash, version, follows }: DesiredPlacement): AppliedRecord => ({ hash, version, ...(follows === undefined ? {} : { follows: { ...follows } }) });

const isUnpinnedPull = (desired: DesiredPlacement, { operations }: PlacementPlan): desired is DockerPlacement =>
  desired.run.type === 'docker' && desired.run.pinned === undefined && operations.some(({ op }) => op === 'pull_image');

/** Only where the new one can stand beside the old one, or beside nothing, without serving. */
const canHold = ({ deploy_mode: mode }: DesiredPlacement, { operations }: PlacementPlan): boolean =>
  mode !== undefined && operations.some(({ op }) => op === 'switch_container' || op === 'create_container' || op === 'switch_unit');

const notHeld = ({ operations }: PlacementPlan): Held => ({ ended: 'held', result: { changed: false, held: false, operations: operations.map(operationText), phases: [] } });

const isOpen = (record: PlacementRecord): record is OpenRecord => record.attempt !== null && record.attempt.state !== 'ended';

/** How an attempt ended whose mark was not written any more; null when it was cancelled, and may start anew. */
function endOf({ result, failure }: AttemptRecord): Outcome | null {
  if (result !== null) return { ended: 'activated', result };
  return failure === null ? null : { ended: 'failed', failure };
}

const isPassing = (error: unknown): boolean => error instanceof PassingTrouble || error instanceof Overtaken || error instanceof CancelledFailure;

export function operationText(operation: Operation): string {
  const { op, ...subject } = operation;
  return [op, ...Object.values(subject)].join(' ');
}
