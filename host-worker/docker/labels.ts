/** The mark on what a deploy made in Docker. */
import type { DesiredPlacement } from '../../spec/desired.js';
import type { Ownership } from '../../spec/observed.js';
import { attemptLabel, type AttemptKey } from '../journal/journal.js';

export const labels = {
  deploy: 'maestro.deploy', component: 'maestro.component', version: 'maestro.version', hash: 'maestro.hash',
  /** Which attempt created it: how a repeated attempt finds its own container again, whatever it is named by now. */
  attempt: 'maestro.attempt',
} as const;

type Labels = Readonly<Record<string, string>>;

export const ownershipLabels = (desired: Pick<DesiredPlacement, 'deploy_id' | 'component' | 'version' | 'hash'>): Record<string, string> => ({
  [labels.deploy]: desired.deploy_id,
  [labels.component]: desired.component,
  [labels.version]: String(desired.version),
  [labels.hash]: desired.hash,
});

export const attemptLabels = (key: Pick<AttemptKey, 'run_id' | 'attempt'>): Record<string, string> => ({ [labels.attempt]: attemptLabel(key) });

/** null: no deploy's. */
export function ownershipOf(found: Labels | null | undefined): Ownership | null {
  const deploy_id = found?.[labels.deploy];
  const component = found?.[labels.component];
  if (deploy_id === undefined || component === undefined) return null;
  return { deploy_id, component, version: Number(found?.[labels.version] ?? '0') || 0, hash: found?.[labels.hash] ?? '' };
}

export const isOf = (found: Labels | null | undefined, placement: { deploy_id: string; component: string }): boolean =>
  found?.[labels.deploy] === placement.deploy_id && found?.[labels.component] === placement.component;
