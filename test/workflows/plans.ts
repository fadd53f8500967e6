/** What hosts answer, as small as it can be. */
import type { ErrorCode } from '../../spec/errors.js';
import type { PlacementPlan } from '../../spec/plan.js';
import type { StepFailure } from '../../workflows/shared.js';

const nothing: Omit<PlacementPlan, 'component' | 'action' | 'observed_state'> =
  { restart: false, downtime: false, reasons: [], fields: [], files: [], operations: [], needs_prepare: false };

export const unchanged = (component: string): PlacementPlan => ({ ...nothing, component, action: 'unchanged', observed_state: 'healthy' });

export const toCreate = (component: string, needsPrepare = false): PlacementPlan => ({
  ...nothing, component, action: 'create', observed_state: 'missing', needs_prepare: needsPrepare,
  reasons: [`container ${component} does not exist`], operations: [{ op: 'create_container', name: component }, { op: 'check_health' }],
});

export const inConflict = (component: string, reason: string): PlacementPlan => ({ ...nothing, component, action: 'conflict', observed_state: 'unknown', reasons: [reason] });

export const stepFailure = (message: string, code: ErrorCode = 'healthcheck_failed'): StepFailure =>
  ({ code, message, fix: 'Read the output of the component.', phase: 'health', put_back: true, output_tail: 'listening', phases: [{ phase: 'start', duration_ms: 3 }] });
