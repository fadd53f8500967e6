/** Watching what a placement runs for a while after its change. Reads only, so it is done anew when it is repeated. */
import { MaestroError } from '../../spec/errors.js';
import type { VerifyResult, VerifyWork } from '../../workflows/shared.js';
import type { ActivityScope } from '../activity-scope.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import { watchHealth } from '../health/watch-health.js';
import { describeFailure, StepFailed } from './failures.js';
import type { HostDeps } from './host-deps.js';
import { runtimeOf } from './runtime.js';
import { withSecretsKnown } from './secrets-known.js';

export async function verify(deps: HostDeps, work: VerifyWork, scope: ActivityScope, report: StepReporter): Promise<VerifyResult> {
  const desired = await withSecretsKnown(deps, work, report, scope.signal);
  const runtime = desired === undefined ? null : await runtimeOf(deps, desired, false);
  try {
    if (desired === undefined || runtime === null) throw new MaestroError('runtime_error', `${work.component} does not run any more`, { fix: 'Retry the step.' });
    const { what, death, probe } = runtime;
    await report.phase('verify', () => watchHealth({ what, death, probe, timing: desired.healthcheck, signal: scope.signal, tell: (line) => report.output('info', line) }, work.duration_ms));
  } catch (error) {
    if (error instanceof MaestroError) throw new StepFailed(describeFailure(error, report, (await runtime?.lastLines().catch(() => '')) ?? ''));
    throw error;
  }
  return { phases: report.phases };
}
