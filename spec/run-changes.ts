import type { FieldChange, Operation } from './plan.js';
import type { ComponentState } from './words.js';

/** What the run section (container or unit) needs, before files are considered. */
export interface RunChanges {
  fields: FieldChange[];
  reasons: string[];
  conflict: string | null;
  /** create: nothing there; update: it must be replaced or rewritten; restart: it only has to be started again. */
  need: 'create' | 'update' | 'restart' | 'none';
  /** Operations before the one that starts it (pull, network, unit file…). */
  before: Operation[];
  state: ComponentState;
  /** Something of it is there that a start would leave as it is: it has to be restarted instead. */
  up: boolean;
  /** The other one of two units is brought in beside it. */
  slots?: boolean;
}

export const isUp = (state: ComponentState): boolean => state === 'running' || state === 'healthy' || state === 'unhealthy';
