import { CircleCheck, Info, OctagonX, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './note.module.css';
import type { Tone } from './state-tag.js';

const icons: Record<Tone, LucideIcon> = { good: CircleCheck, bad: OctagonX, warn: TriangleAlert, busy: Info, idle: Info };

interface NoteProps { tone: Tone; title: string; children?: ReactNode; /** `alert` is read out at once. */ role?: 'alert' | 'status' }

/** Something to notice: a title, and below it what to do about it. */
export function Note({ tone, title, children, role }: NoteProps) {
  const Icon = icons[tone];
  return (
    <div className={styles.note} data-tone={tone} role={role}>
      <Icon size={18} aria-hidden className={styles.icon} />
      <div className={styles.body}>
        <p className={styles.title}>{title}</p>
        {children}
      </div>
    </div>
  );
}
