/** The activities that Temporal runs on this host. */
import { CancelledFailure } from '@temporalio/common';
import type { DesiredPlacement } from '../spec/desired.js';
import { MaestroError } from '../spec/errors.js';
import type { HostFacts, ObservedPlacement } from '../spec/observed.js';
import type { PlacementPlan } from '../spec/plan.js';
import { isRolloutId } from '../spec/words.js';
import type { HostActivities, HostWork, ObserveResult, PlacementWork } from '../workflows/shared.js';
import { activate } from './activate/activate.js';
import { StepFailed, toTemporalFailure } from './activate/failures.js';
import type { HostDeps } from './activate/host-deps.js';
import { operate } from './activate/operate.js';
import { prepare } from './activate/prepare.js';
import { verify } from './activate/verify.js';
import { type ActivityScope, temporalScope, withHeartbeat } from './activity-scope.js';
import { StepReporter } from './control-plane/step-reporter.js';
import { decide } from './pins/decide.js';
import { fileDiffs } from './observe/file-diffs.js';
import { movedSince, withBasis, withMoved } from './observe/fingerprints.js';
import { pinObserved } from './source/releases.js';
import { attemptLabel } from './journal/journal.js';
import { LeftForRepeat, messageOf } from './trouble.js';

export function createHostActivities(deps: HostDeps, scopeOf: () => ActivityScope = temporalScope): HostActivities {
  return {
    observe: (work) => run(deps, scopeOf(), work, null, (scope) => observe(deps, work, scope)),
    prepare: (work) => runStep(deps, scopeOf(), 'prepare', work, (scope, report) => prepare(deps, work, scope, report)),
    activate: (work) => runStep(deps, scopeOf(), 'activate', work, (scope, report) => activate(deps, work, scope, report)),
    verify: (work) => runStep(deps, scopeOf(), 'verify', work, (scope, report) => verify(deps, work, scope, report)),
    operate: (work) => runStep(deps, scopeOf(), 'operate', work, (scope, report) => operate(deps, work, scope, report)),
  };
}

async function runStep<T>(deps: HostDeps, scope: ActivityScope, activity: string, work: PlacementWork, body: (scope: ActivityScope, report: StepReporter) => Promise<T>): Promise<T> {
  const report = new StepReporter(deps.reporter, work.run_id, work.component, `${activity}/${attemptLabel(work)}`);
  return run(deps, scope, work, report, async () => {
    try {
      const result = await body(scope, report);
      report.end();
      return result;
    } catch (error) {
      // Whoever hears of a failure looks at once at what was said; a success is not kept waiting for it.
      report.end();
      await report.delivered();
      throw error;
    }
  });
}

export async function run<T>(deps: HostDeps, scope: ActivityScope, work: HostWork, report: StepReporter | null, body: (scope: ActivityScope) => Promise<T>): Promise<T> {
  try {
    if (work.host !== deps.node) throw new MaestroError('internal', `work for ${work.host} came to ${deps.node}`, { fix: 'Check MAESTRO_NODE of the host workers: each host has its own.' });
    return await withHeartbeat(scope, () => body(scope));
  } catch (error) {
    const clean = (text: string): string => report?.withoutSecrets(text) ?? text;
    if (error instanceof StepFailed) deps.log.info({ run: work.run_id, code: error.failure.code }, error.message);
    else deps.log.warn({ run: work.run_id, error: clean(messageOf(error)), stack: error instanceof Error ? clean(error.stack ?? '') : undefined }, 'activity ended early');
    throw endOf(scope, error, report);
  }
}

/** What was going on when the activity was stopped does not matter to whoever stopped it. */
function endOf(scope: ActivityScope, error: unknown, report: StepReporter | null): Error {
  if (error instanceof StepFailed || error instanceof CancelledFailure || !scope.signal.aborted) return toTemporalFailure(scope.leaving() ? leaving() : error, report);
  return scope.leaving() ? toTemporalFailure(leaving(), report) : new CancelledFailure('cancelled');
}

const leaving = (): LeftForRepeat => new LeftForRepeat('the host worker is going down, or was not heard of in time; the activity is gone on with');

async function observe(deps: HostDeps, work: HostWork, scope: ActivityScope): Promise<ObserveResult> {
  const ask = async (): Promise<DesiredPlacement[]> => {
    const desired = await deps.control.desired({ run_id: work.run_id }, scope.signal);
    return desired.filter(({ deploy_id, host }) => deploy_id === work.deploy_id && host === deps.node);
  };
  const { desired: mine, facts, observed, plans } = await decide(deps, work.run_id, await ask(), ask, scope.signal);
  if (!isRolloutId(work.run_id)) return forPlan(deps, work, { facts, mine, observed, plans }, scope);
  const moved = await movedSince(deps.stateFolder, mine, observed);
  const still = mine.map((_, index) => moved[index]?.length === 0);
  // A plan alone decides nothing; a rollout goes on with what was seen now.
  await pinObserved(deps.journal, mine.filter((_, index) => still[index]), observed.filter((_, index) => still[index]), plans.filter((_, index) => still[index]));
  return { facts, placements: withMoved(plans, moved) };
}

interface Seen { facts: HostFacts; mine: DesiredPlacement[]; observed: ObservedPlacement[]; plans: PlacementPlan[] }

/** With what it was decided on; the lines of files go to the control plane by themselves, and are no reason to fail. */
async function forPlan(deps: HostDeps, { run_id: run }: HostWork, { facts, mine, observed, plans }: Seen, { signal }: ActivityScope): Promise<ObserveResult> {
  const files = await fileDiffs(deps, run, mine, observed, plans, signal);
  if (files.length > 0) await deps.control.showFiles(run, files).catch((error: unknown) => deps.log.warn({ run, error: messageOf(error) }, 'the lines of files could not be shown'));
  return { facts, ...(await withBasis(deps.stateFolder, mine, observed, plans)) };
}
