/** Removes everything that a deploy owns, on every host it ever was on; under the deploy's lock, and on record like a rollout. */
import { control } from './activities.js';
import { removalRecords, removeOn } from './prune.js';
import type { RolloutInput, RolloutResult } from './shared.js';

export async function teardown({ rollout_id, deploy_id }: RolloutInput): Promise<RolloutResult> {
  const { state, ...begun } = await removalRecords.beginTeardown(rollout_id);
  // Started once more after its end was recorded.
  if (state !== 'running') return { state: 'failed' };
  const trouble = await removeOn({ deploy_id, version: 0, run_id: rollout_id }, begun);
  const end = trouble === '' ? { state: 'succeeded' as const, reason: '' } : { state: 'failed' as const, reason: `${trouble}; delete the deploy with teardown again when it can be` };
  await control.record(rollout_id, [], end);
  return { state: end.state };
}
