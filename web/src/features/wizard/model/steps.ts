/** The steps of each way in, and where each field is. */
import type { Entry } from './answers.js';

export const steps = ['entry', 'intent', 'source', 'details', 'placement', 'runtime', 'review'] as const;
export type Step = (typeof steps)[number];

const upgradeSteps: readonly Step[] = ['entry', 'details', 'runtime', 'review'];
export const stepsOf = (entry: Entry): readonly Step[] => (entry === 'upgrade-component' ? upgradeSteps : steps);

/** The step that an address names, or the first one. */
export const stepNamed = (entry: Entry, name: string | null): Step => stepsOf(entry).find((step) => step === name) ?? 'entry';
export const stepAfter = (entry: Entry, step: Step): Step | null => neighbour(entry, step, 1);
export const stepBefore = (entry: Entry, step: Step): Step | null => neighbour(entry, step, -1);

function neighbour(entry: Entry, step: Step, by: 1 | -1): Step | null {
  const all = stepsOf(entry);
  return all[all.indexOf(step) + by] ?? null;
}

/** Fields as problems are told at them. */
export const fieldSteps = {
  base: 'entry', upgraded: 'entry',
  project: 'intent', component: 'intent', depends_on: 'intent',
  image: 'details', tag: 'details', repo: 'details', ref: 'details', archive: 'details', artifact: 'details', subpath: 'details', credentials: 'details',
  hosts: 'placement', strategy: 'runtime',
  name: 'runtime', command: 'runtime', working_directory: 'runtime', user: 'runtime', restart: 'runtime', ports: 'runtime', volumes: 'runtime', env: 'runtime',
  health_url: 'runtime', health_status: 'runtime', health_port: 'runtime', health_command: 'runtime', health_start_period: 'runtime',
} as const satisfies Record<string, Step>;
export type Field = keyof typeof fieldSteps;
