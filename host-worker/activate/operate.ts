/** Start, stop, restart or look at what a placement runs, without changing what it is. Only what this deploy owns. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { OperateResult, OperateVerb, OperateWork } from '../../workflows/shared.js';
import type { ActivityScope } from '../activity-scope.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import { call, refused, unless } from '../docker/docker-call.js';
import { isOf } from '../docker/labels.js';
import { isTransitional, listAll } from '../docker/own-containers.js';
import { stop } from '../docker/replace.js';
import { waitHealthy } from '../health/wait-healthy.js';
import { servingUnit } from '../slots/serving.js';
import { unitJob } from '../systemd/systemctl.js';
import { keyOf, lockOf } from './activate.js';
import { describeFailure, StepFailed } from './failures.js';
import type { HostDeps } from './host-deps.js';
import { withSecretsKnown } from './secrets-known.js';
import { containerRuntime, type Runtime, unitRuntime } from './runtime.js';
import { forwardStep, type Step } from './step.js';

const restartTimeoutMs = 60_000;

export async function operate(deps: HostDeps, work: OperateWork, scope: ActivityScope, report: StepReporter): Promise<OperateResult> {
  const key = keyOf(work);
  const before = await deps.journal.register(key);
  if (before?.ended === 'operated') return before.result;
  return deps.locks.run(lockOf(work), scope.signal, async () => {
    const first = await deps.journal.outcome(key);
    if (first?.ended === 'operated') return first.result;
    const step = forwardStep(key, scope.signal, report, deps.journal, deps.fault);
    const result = await operateOn(deps, work, step).catch((error: unknown) => {
      if (error instanceof MaestroError) throw new StepFailed(describeFailure(error, report, ''));
      throw error;
    });
    // A look is taken anew each time.
    if (work.verb !== 'healthcheck') await deps.journal.finish(key, { ended: 'operated', result });
    return result;
  });
}

async function operateOn(deps: HostDeps, work: OperateWork, step: Step): Promise<OperateResult> {
  if (work.verb === 'healthcheck') return look(deps, work, step);
  await refuseAmidChange(deps, work);
  const target = await findTarget(deps, work);
  await step.report.phase(work.verb === 'stop' ? 'stop_old' : 'start', () => step.effect(`operate.${work.verb}`, () => target.act(work.verb)));
  if (work.verb === 'stop') return { ok: true, detail: 'stopped' };
  const runtime = await target.runtime(null, true);
  const { what, death } = runtime;
  const detail = await waitHealthy({ what, probe: null, timing: null, death, signal: step.signal, tell: () => undefined });
  return { ok: true, detail };
}

/**
 * A change that was cut off, or that waits for its group, goes on from what its marks say is there: nobody comes in between.
 * One that has come to what now serves, with only remains of the old one left, is no hindrance.
 */
async function refuseAmidChange({ journal, node }: HostDeps, work: OperateWork): Promise<void> {
  const { attempt } = await journal.placement(work);
  if (attempt === null || (attempt.state !== 'forward' && attempt.state !== 'undoing')) return;
  throw new MaestroError('conflict', `${work.component} is in the middle of a change on ${node}, by ${attempt.run_id}`, {
    fix: 'Wait until the rollout has gone on there; when it has ended, apply the deploy again.', details: { run_id: attempt.run_id },
  });
}

interface Target { act(verb: OperateVerb): Promise<void>; runtime(checked: DesiredPlacement | null, fresh: boolean): Promise<Runtime> }

/** The container with this placement's mark, else the unit that its journal lists. */
async function findTarget(deps: HostDeps, work: OperateWork): Promise<Target> {
  const unit = await servingUnit(deps, work);
  const container = unit === undefined ? (await listAll(deps.docker)).find(({ name, labels }) => isOf(labels, work) && !isTransitional(name)) : undefined;
  if (container !== undefined) {
    const { id, name } = container;
    return { act: (verb) => actOnContainer(deps, id, verb), runtime: (checked, fresh) => containerRuntime(deps.docker, name, id, checked, fresh) };
  }
  if (unit !== undefined) {
    return { act: (verb) => (verb === 'healthcheck' ? Promise.resolve() : unitJob(verb, unit)), runtime: (checked, fresh) => unitRuntime(unit, checked, fresh) };
  }
  throw new MaestroError('not_found', `${work.component} has nothing on ${deps.node} that could be operated`, { fix: 'Apply the deploy first.' });
}

async function actOnContainer({ docker, publisher }: HostDeps, id: string, verb: OperateVerb): Promise<void> {
  const container = docker.getContainer(id);
  try {
    if (verb === 'stop') await stop(docker, id);
    if (verb === 'start') await unless([304], call('start a container', () => container.start(), restartTimeoutMs));
    if (verb === 'restart') await call('restart a container', () => container.restart({ t: 10 }), restartTimeoutMs);
  } catch (error) {
    throw refused(`${verb} of the container`, error);
  }
  // Its address may be another one.
  if (await publisher.isUsed()) await publisher.refresh();
}

async function look(deps: HostDeps, work: OperateWork, step: Step): Promise<OperateResult> {
  const desired = await withSecretsKnown(deps, work, step.report, step.signal);
  const healthcheck = desired?.healthcheck ?? null;
  const runtime = await (await findTarget(deps, work)).runtime(desired ?? null, false);
  const death = await runtime.death();
  if (death !== null) return { ok: false, detail: `${runtime.what} ${death}` };
  return runtime.probe === null || healthcheck === null ? { ok: true, detail: 'running; it has no healthcheck' } : runtime.probe(healthcheck.timeout_ms, step.signal);
}
