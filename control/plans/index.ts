export { createPlan, planDigest, planLifetimeMs, planSummary, recordPlan, type PlanHost, type PlanSummary, type RecordedPlan } from './record-plan.js';
export { getPlan, loadPlan, type LoadedPlan, type PlanView } from './views.js';
