import type { PlacementState } from '../../api/types.js';
import type { ComponentState, DriftKind } from '../../api/words.js';

export const observedStateWords: Record<ComponentState, string> = {
  running: 'Running', healthy: 'Healthy', unhealthy: 'Unhealthy', stopped: 'Stopped', failed: 'Failed', missing: 'Missing', unknown: 'Not known', host_offline: 'Host offline',
};

export const driftKindWords: Record<DriftKind, string> = { stopped: 'does not run', changed: 'was changed', missing: 'is missing', foreign: 'is somebody else\'s' };

const lengthMax = 60;
const short = (text: string): string => (text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text);

/** `was changed: is "a", should be "b"`. */
export function driftSentence({ kind, from, to }: PlacementState['fields'][number]): string {
  const values = kind === 'missing' || from === null || to === null ? '' : `: is ${short(from)}, should be ${short(to)}`;
  return `${driftKindWords[kind]}${values}`;
}

export const observedWords = {
  title: 'What runs now',
  lead: 'As the hosts see it, and not as it was left.',
  columns: { component: 'Component', host: 'Host', state: 'State', drift: 'Drift' },
  since: 'since',
  noDrift: 'none',
} as const;
