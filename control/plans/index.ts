export { dropOldDiffs, keepDiffs } from './diffs.js';
export { createPlan, type PlanRequest } from './create-plan.js';
export { plannedFingerprints, unplanned } from './planned.js';
export { planDigest, planLifetimeMs, planSummary, recordPlan, type HostAnswer, type PlanHost, type PlanSummary, type RecordedPlan } from './record-plan.js';
export { holdPlan, refuseStalePlan, type PlannedNow } from './use-plan.js';
export { getPlan, loadPlan, type LoadedPlan, type PlanView } from './views.js';
