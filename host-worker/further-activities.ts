/** Activities beside those of a rollout's steps. */
import { join } from 'node:path';
import type { LogActivities } from '../workflows/shared-logs.js';
import type { RemovalActivities } from '../workflows/shared-removals.js';
import { run } from './activities.js';
import { type ActivityScope, temporalScope } from './activity-scope.js';
import type { HostDeps } from './activate/host-deps.js';
import type { ControlPlaneOptions } from './control-plane/client.js';
import { connectRemovalPlane } from './control-plane/removals-client.js';
import { connectLogPlane } from './control-plane/watch-client.js';
import { PruneJournal } from './journal/prunes.js';
import { tailLogs } from './logs/tail-logs.js';
import { previewPrune, prune } from './removals/prune.js';

export function createFurtherActivities(hostDeps: HostDeps, options: ControlPlaneOptions, scopeOf: () => ActivityScope = temporalScope): LogActivities & RemovalActivities {
  const prunes = new PruneJournal(join(hostDeps.stateFolder, 'journal'));
  const deps = { ...hostDeps, logs: connectLogPlane(options), removals: connectRemovalPlane(options), prunes };
  return {
    tailLogs: (work) => run(deps, scopeOf(), work, null, (scope) => tailLogs(deps, work, scope)),
    prune: (work) => run(deps, scopeOf(), work, null, (scope) => prune(deps, work, scope)),
    previewPrune: (work) => run(deps, scopeOf(), work, null, (scope) => previewPrune(deps, work, scope)),
  };
}
