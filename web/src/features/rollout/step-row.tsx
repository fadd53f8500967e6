import { Text, UnstyledButton } from '@mantine/core';
import { memo } from 'react';
import { Elapsed } from './clock.js';
import type { StepModel } from './model/step-model.js';
import { StepNow } from './step-now.js';
import styles from './step-table.module.css';
import { StepTag } from './state-tags.js';
import { rolloutWords } from './words.js';

interface StepRowProps { step: StepModel; selected: boolean; /** 1 is the head of the table. */ place: number; onSelect: (step: string) => void }

/** One placement. Drawn again only when something of it has changed. */
export const StepRow = memo(function StepRow({ step, selected, place, onSelect }: StepRowProps) {
  const { startedAt, endedAt, state } = step;
  return (
    <div role="row" aria-rowindex={place} className={`${styles.row} ${styles.step}`} data-selected={selected || undefined} onClick={() => onSelect(step.id)}>
      <div role="cell" className={styles.state}><StepTag state={state} /></div>
      <div role="rowheader" className={styles.place}>
        <UnstyledButton className={styles.name} data-row={step.id} aria-expanded={selected} aria-label={rolloutWords.details(step.component, step.host)} onClick={(event) => { event.stopPropagation(); onSelect(step.id); }}>{step.component}</UnstyledButton>
      </div>
      <div role="cell" className={`${styles.host} breakable`}>{step.host}</div>
      <div role="cell" className={styles.what}><StepNow step={step} />{step.attempt > 1 && <Text size="xs" c="dimmed">{rolloutWords.attempt(step.attempt)}</Text>}</div>
      <div role="cell" className={styles.took}>{startedAt !== null && (endedAt !== null || state === 'running') ? <Elapsed from={startedAt} to={endedAt} /> : '–'}</div>
    </div>
  );
});
