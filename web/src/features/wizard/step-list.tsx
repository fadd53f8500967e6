'use client';

import { UnstyledButton } from '@mantine/core';
import { Check, TriangleAlert } from 'lucide-react';
import type { Entry } from './model/answers.js';
import { stepsOf, type Step } from './model/steps.js';
import { stepWords, wizardWords } from './words.js';
import styles from './wizard.module.css';

interface StepListProps { entry: Entry; step: Step; state: (step: Step) => 'mend' | 'done' | 'open'; onStep: (step: Step) => void }

const said = { mend: wizardWords.incomplete, done: wizardWords.done, open: '' };

export function StepList({ entry, step, state, onStep }: StepListProps) {
  return (
    <nav aria-label={wizardWords.stepList}>
      <ol className={styles.steps}>
        {stepsOf(entry).map((one, index) => (
          <li key={one}>
            <UnstyledButton className={styles.step} data-state={state(one)} aria-current={one === step ? 'step' : undefined} onClick={() => onStep(one)}>
              <span className={styles.mark} aria-hidden>{state(one) === 'mend' ? <TriangleAlert size={14} /> : state(one) === 'done' ? <Check size={14} /> : index + 1}</span>
              {stepWords[one].name}
              {said[state(one)] !== '' && <span className={styles.hidden}>, {said[state(one)]}</span>}
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </nav>
  );
}
