export { answerVerbs, type AnswerView } from './answers.js';
export { loadRollout, openRollouts, pendingRollouts, type LoadedRollout, type OpenRollout } from './load-rollout.js';
export type { PhaseTiming, StepFailure, StepRecord } from './merge-step.js';
export { openRollback, type OpenedRollback, type RecordedCause, type RollbackCause } from './open-rollback.js';
export { openRollout, type OpenedRollout, type OpenRolloutRequest } from './open-rollout.js';
export { recordRolloutState, startLoaded, startRollout, type RecordedState } from './record-state.js';
export { recordSteps } from './record-steps.js';
export { prepareRetarget, retargetRollout, type Retargeted } from './retarget.js';
export { getRollout, listRollouts, rolloutLog, type BindingView, type RolloutSummary, type RolloutView, type StepView } from './views.js';
