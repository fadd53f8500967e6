import { Group, UnstyledButton } from '@mantine/core';
import type { StepState } from '../../api/words.js';
import { StateTag } from '../../ui/state-tag.js';
import { worstFirst } from './binding-head.js';
import styles from './legend.module.css';
import type { RolloutModel } from './model/rollout-model.js';
import { stepLooks } from './state-looks.js';
import { viewWords } from './view-words.js';
import { stepStateWords } from './words.js';

interface LegendProps { model: RolloutModel; only: StepState | null; onOnly: (state: StepState | null) => void }

/** How many placements are in each state; each count shows only those. */
export function Legend({ model, only, onOnly }: LegendProps) {
  const present = worstFirst.filter((state) => model.counts[state] > 0 || state === only);
  return (
    <Group gap={6} role="group" aria-label={viewWords.legend}>
      <UnstyledButton className={styles.entry} aria-pressed={only === null} onClick={() => onOnly(null)}>{viewWords.all(model.steps.length)}</UnstyledButton>
      {present.map((state) => (
        <UnstyledButton key={state} className={styles.entry} aria-pressed={state === only} onClick={() => onOnly(state === only ? null : state)}>
          <StateTag look={stepLooks[state]} label={`${model.counts[state]} ${stepStateWords[state].toLowerCase()}`} />
        </UnstyledButton>
      ))}
    </Group>
  );
}
