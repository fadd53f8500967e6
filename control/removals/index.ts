export { hostsOf, removalsOn, type RemovalAnswer } from './on-host.js';
export { beginRemovals, recordRemovals, recordRemoving, startTeardown, type BegunRemovals, type RemovalOutcome, type RemovedPlacement } from './record.js';
export { openTeardown } from './open-teardown.js';
