/** The activities that Temporal runs on this host. */
import { CancelledFailure } from '@temporalio/common';
import { MaestroError } from '../spec/errors.js';
import { isRolloutId } from '../spec/words.js';
import { planHost } from '../spec/plan-host.js';
import type { HostActivities, HostWork, PlacementWork } from '../workflows/shared.js';
import { activate } from './activate/activate.js';
import { StepFailed, toTemporalFailure } from './activate/failures.js';
import type { HostDeps } from './activate/host-deps.js';
import { operate } from './activate/operate.js';
import { prepare } from './activate/prepare.js';
import { verify } from './activate/verify.js';
import { type ActivityScope, temporalScope, withHeartbeat } from './activity-scope.js';
import { StepReporter } from './control-plane/step-reporter.js';
import { observePlacements } from './observe/observe.js';
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

async function run<T>(deps: HostDeps, scope: ActivityScope, work: HostWork, report: StepReporter | null, body: (scope: ActivityScope) => Promise<T>): Promise<T> {
  try {
    if (work.host !== deps.node) throw new MaestroError('internal', `work for ${work.host} came to ${deps.node}`, { fix: 'Check MAESTRO_NODE of the host workers: each host has its own.' });
    return await withHeartbeat(scope, () => body(scope));
  } catch (error) {
    if (error instanceof StepFailed) deps.log.info({ run: work.run_id, code: error.failure.code }, error.message);
    else deps.log.warn({ run: work.run_id, error: messageOf(error), stack: error instanceof Error ? error.stack : undefined }, 'activity ended early');
    throw endOf(scope, error, report);
  }
}

/** What was going on when the activity was stopped does not matter to whoever stopped it. */
function endOf(scope: ActivityScope, error: unknown, report: StepReporter | null): Error {
  if (error instanceof StepFailed || error instanceof CancelledFailure || !scope.signal.aborted) return toTemporalFailure(scope.leaving() ? leaving() : error, report);
  return scope.leaving() ? toTemporalFailure(leaving(), report) : new CancelledFailure('cancelled');
}

const leaving = (): LeftForRepeat => new LeftForRepeat('the host worker is going down; the activity goes on when it is back');

async function observe(deps: HostDeps, work: HostWork, scope: ActivityScope) {
  const desired = await deps.control.desired({ run_id: work.run_id }, scope.signal);
  const mine = desired.filter(({ deploy_id, host }) => deploy_id === work.deploy_id && host === deps.node);
  const { facts, observed } = await observePlacements(deps, mine, scope.signal);
  const placements = planHost(mine, observed, facts);
  // A plan alone decides nothing; a rollout goes on with the commits that were seen now.
  if (isRolloutId(work.run_id)) await pinObserved(deps.journal, mine, observed, placements);
  return { facts, placements };
}
