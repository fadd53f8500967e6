/**
 * The words everyone shares: one enum for each, used in the database, API, events, UI and tests.
 * A new word here fails to compile wherever it is not yet handled.
 */
export const rolloutStates = ['pending', 'running', 'paused', 'awaiting_approval', 'succeeded', 'failed', 'aborted', 'rolled_back'] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** States in which a live workflow stands behind the rollout; at most one such rollout per deploy. */
export const openRolloutStates = ['pending', 'running', 'paused', 'awaiting_approval'] as const satisfies readonly RolloutState[];
export const isOpenRollout = (state: RolloutState): boolean => (openRolloutStates as readonly RolloutState[]).includes(state);

export const rolloutKinds = ['apply', 'rollback', 'teardown'] as const;
export type RolloutKind = (typeof rolloutKinds)[number];

export const stepStates = ['pending', 'waiting', 'running', 'unchanged', 'succeeded', 'failed', 'blocked', 'skipped', 'aborted', 'rolled_back'] as const;
export type StepState = (typeof stepStates)[number];

export const phases = ['fetch', 'build', 'test', 'files', 'start', 'health', 'verify', 'switch', 'stop_old', 'cleanup'] as const;
export type Phase = (typeof phases)[number];

export const componentStates = ['running', 'healthy', 'unhealthy', 'stopped', 'failed', 'missing', 'unknown', 'host_offline'] as const;
export type ComponentState = (typeof componentStates)[number];

export const driftKinds = ['stopped', 'changed', 'missing', 'foreign'] as const;
export type DriftKind = (typeof driftKinds)[number];

export const actions = ['create', 'update', 'restart', 'reload', 'unchanged', 'remove', 'conflict'] as const;
export type Action = (typeof actions)[number];

export const eventTypes = [
  'rollout.state', 'step.state', 'step.phase', 'step.output', 'plan.created', 'component.state', 'component.drift',
  'node.state', 'metric.sample', 'deploy.version', 'audit.entry',
] as const;
export type EventType = (typeof eventTypes)[number];

export const roles = ['admin', 'operator', 'viewer'] as const;
export type Role = (typeof roles)[number];

export const rights = [
  'deploy.read', 'deploy.write', 'deploy.apply', 'deploy.rollback', 'deploy.approve', 'component.operate', 'component.remove',
  'secret.read_names', 'secret.write', 'artifact.write', 'node.read', 'node.enroll', 'node.revoke', 'user.manage', 'audit.read', 'history.decode',
] as const;
export type Right = (typeof rights)[number];

/** What each role may do. Keys carry a subset of their owner's. */
export const rightsOfRole: Record<Role, readonly Right[]> = {
  admin: rights,
  operator: ['deploy.read', 'deploy.write', 'deploy.apply', 'deploy.rollback', 'component.operate', 'secret.read_names', 'artifact.write', 'node.read'],
  viewer: ['deploy.read', 'node.read'],
};

/** Ids are `<prefix>_` and 16 or more url-safe characters; made in control/, which may be random. */
export const idPrefixes = {
  deploy: 'dpl', version: 'ver', rollout: 'rol', plan: 'pln', node: 'nod', user: 'usr', key: 'key', artifact: 'art', event: 'evt', log: 'log', enrollment: 'enr',
} as const;
export type IdKind = keyof typeof idPrefixes;

export const isRolloutId = (id: string): boolean => id.startsWith(`${idPrefixes.rollout}_`);

/** Task queue of one host's worker. */
export const hostQueue = (host: string): string => `host-${host}`;
/** Task queue of the control-plane worker. */
export const controlQueue = 'control';
/** The workflow id is the lock: one open rollout per deploy. */
export const rolloutWorkflowId = (deployId: string): string => `deploy/${deployId}`;
export const planWorkflowId = (planId: string): string => `plan/${planId}`;
export const logsWorkflowId = (requestId: string): string => `logs/${requestId}`;
export const operateWorkflowId = (requestId: string): string => `operate/${requestId}`;

/** In the details of a cancellation that a host has carried out; the server cancels by itself what no host has at the moment. */
export const cancelledByHost = 'cancelled by the host';
