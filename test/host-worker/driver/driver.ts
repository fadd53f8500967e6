/**
 * Runs host activities where the host worker would: on a real host, against its Docker and systemd, but without
 * Temporal. Reads one request (JSON) from its arguments, prints one answer (JSON).
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createHostActivities } from '../../../host-worker/activities.js';
import { createFurtherActivities } from '../../../host-worker/further-activities.js';
import type { ActivityScope } from '../../../host-worker/activity-scope.js';
import { assemble } from '../../../host-worker/assemble.js';
import { keepPublished } from '../../../host-worker/publish/keeper.js';
import type { DriverAnswer, DriverRequest } from './protocol.js';

const flushTimeoutMs = 5_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function scopeOf(request: DriverRequest): ActivityScope {
  const controller = new AbortController();
  let leaving = false;
  if (request.cancel_after_ms !== undefined) {
    setTimeout(() => {
      leaving = request.leave === true;
      controller.abort(new CancelledFailure('CANCELLED'));
    }, request.cancel_after_ms).unref();
  }
  return { signal: controller.signal, heartbeat: () => undefined, leaving: () => leaving };
}

async function answer(request: DriverRequest): Promise<DriverAnswer> {
  const deps = await assemble({ node: request.node, plane: { url: request.url }, stateFolder: request.state }, process.env, silent);
  const options = { url: request.url, node: request.node, token: 'a token of this host' };
  const activities = { ...createHostActivities(deps, () => scopeOf(request)), ...createFurtherActivities(deps, options, () => scopeOf(request)) };
  const durations: number[] = [];
  try {
    const results = [];
    for (let round = 0; round < (request.rounds ?? 1); round += 1) {
      const started = performance.now();
      results.push(await Promise.all(request.calls.map(({ activity, work }) => activities[activity]({ verb: 'healthcheck', duration_ms: 1_000, component: '', attempt: 1, ...work }))));
      durations.push(performance.now() - started);
    }
    if (request.keep_ms !== undefined) await keepPublished(deps, AbortSignal.timeout(request.keep_ms));
    return { ended: 'well', results: results.at(-1) ?? [], durations_ms: durations };
  } catch (error) {
    if (error instanceof CancelledFailure) return { ended: 'cancelled', message: error.message };
    if (!(error instanceof ApplicationFailure)) throw error;
    return { ended: 'failed', type: error.type ?? '', message: error.message, final: error.nonRetryable ?? false, failure: error.details?.[0] };
  } finally {
    await deps.reporter.flush(flushTimeoutMs);
  }
}

answer(JSON.parse(process.argv[2] ?? '{}') as DriverRequest).then(
  (given) => process.stdout.write(`${JSON.stringify(given)}\n`, () => process.exit(0)),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    process.exit(3);
  },
);
