/** Fetches, builds and tests what a placement needs; touches nothing that runs, so it may go ahead of everything it waits for. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { PlacementWork, PrepareResult } from '../../workflows/shared.js';
import type { ActivityScope } from '../activity-scope.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import { loginsOf } from '../credentials/logins.js';
import { isInstalled, waitForDocker } from '../docker/client.js';
import type { DockerPlacement } from '../observe/containers.js';
import { fetchPinned } from '../pins/fetch-pinned.js';
import { prepareSource } from '../source/prepare-source.js';
import { hasSource } from '../source/releases.js';
import { testAhead, testsTellSecrets } from '../tests/stages.js';
import { keyOf } from './activate.js';
import { refuseUnallowed } from './allowed.js';
import { describeFailure, outputTailOf, StepFailed } from './failures.js';
import type { HostDeps } from './host-deps.js';
import { forwardStep, type Step } from './step.js';

const dockerPatienceMs = 60_000;

export async function prepare(deps: HostDeps, work: PlacementWork, scope: ActivityScope, report: StepReporter): Promise<PrepareResult> {
  const query = { run_id: work.run_id, component: work.component };
  const [described] = await deps.control.desired(query, scope.signal);
  // Values are asked for only by a build that needs them, and to keep them out of what tests say.
  const withValues = described !== undefined && (described.build.some((step) => step.secret_env !== undefined) || testsTellSecrets(described));
  const [desired] = withValues ? await deps.control.desired({ ...query, content: true }, scope.signal) : [described];
  if (desired === undefined) return { phases: [] };
  report.keepSecret(desired.redact ?? []);
  try {
    refuseUnallowed(desired);
    const step = forwardStep(keyOf(work), scope.signal, report, deps.journal, deps.fault);
    await fetchAll(deps, step, desired, scope, report);
    await testAhead(deps, step, desired);
  } catch (error) {
    if (error instanceof MaestroError) throw new StepFailed(describeFailure(error, report, outputTailOf(error)));
    throw error;
  }
  return { phases: report.phases, ...report.testsTold };
}

async function fetchAll(deps: HostDeps, step: Step, desired: DesiredPlacement, scope: ActivityScope, report: StepReporter): Promise<void> {
  const { run } = desired;
  const fetchOwn = (): Promise<void> => (run.type === 'docker' ? fetchImage(deps, step.key, { ...desired, run }, scope, report) : Promise.resolve());
  if (hasSource(desired)) return prepareSource(deps, step, desired, fetchOwn);
  if (run.type === 'docker') await report.phase('fetch', fetchOwn);
}

async function fetchImage(deps: HostDeps, { run_id }: Step['key'], desired: DockerPlacement, { signal }: ActivityScope, report: StepReporter): Promise<void> {
  if (!isInstalled(process.env)) throw new MaestroError('dependency_missing', `${deps.node} has no Docker`, { fix: 'Install Docker on the host.', details: { missing_dependency: 'docker' } });
  await waitForDocker(deps.docker, dockerPatienceMs, signal);
  await fetchPinned(deps, run_id, desired, { signal, tell: (line) => report.output('info', line), loginOf: loginsOf(deps.control, run_id, signal, desired.component) });
}
