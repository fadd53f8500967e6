/** Activities beside those of a rollout's steps. */
import type { LogActivities } from '../workflows/shared-logs.js';
import { run } from './activities.js';
import { type ActivityScope, temporalScope } from './activity-scope.js';
import type { HostDeps } from './activate/host-deps.js';
import type { LogPlane } from './control-plane/watch-client.js';
import { tailLogs } from './logs/tail-logs.js';

export interface FurtherDeps extends HostDeps { logs: LogPlane }

export function createFurtherActivities(deps: FurtherDeps, scopeOf: () => ActivityScope = temporalScope): LogActivities {
  return {
    tailLogs: (work) => run(deps, scopeOf(), work, null, (scope) => tailLogs(deps, work, scope)),
  };
}
