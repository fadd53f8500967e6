import { Text, VisuallyHidden } from '@mantine/core';
import { CircleCheck, CircleDashed, CircleX, LoaderCircle, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { EnrollmentStepState } from '../../api/words.js';
import type { CheckItem } from './enroll-model.js';
import { enrollWords as words } from './enroll-words.js';
import styles from './enroll.module.css';

const icons: Record<EnrollmentStepState, LucideIcon> = { done: CircleCheck, waiting: LoaderCircle, later: CircleDashed, failed: CircleX, lacking: TriangleAlert };

/** Each step with its state as a word too, for those who do not see the icon. */
export function EnrollChecklist({ items, label = words.checklist }: { items: readonly CheckItem[]; label?: string }) {
  return (
    <ol className={styles.checklist} aria-label={label}>
      {items.map(({ key, state, title, detail }) => {
        const Icon = icons[state];
        return (
          <li key={key} className={styles.item} data-state={state} data-item={key}>
            <Icon size={18} aria-hidden className={`${styles.icon} ${state === 'waiting' ? 'spin' : ''}`} />
            <div className={styles.words}>
              <Text span size="sm" fw={state === 'later' ? 400 : 500}>{title}<VisuallyHidden>: {words.states[state]}</VisuallyHidden></Text>
              {detail !== '' && <Text size="sm" c={state === 'failed' ? undefined : 'dimmed'} className="breakable">{detail}</Text>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
