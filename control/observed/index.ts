export { forgetStates, forgetUnplaced, recordStates, type StatesReport } from './record-states.js';
export { getDrift, observedSummaries, placementStates, type DriftSummary, type DriftView, type ObservedSummary, type PlacementState } from './views.js';
export { watchedOn, type Watched } from './watched.js';
export { getNodeDetail, type NodeDetail } from './node-detail.js';
