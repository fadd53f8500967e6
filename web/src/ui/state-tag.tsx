import type { LucideIcon } from 'lucide-react';
import styles from './state-tag.module.css';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'idle';
export interface StateLook { tone: Tone; icon: LucideIcon; /** Turns, for what goes on right now. */ moving?: boolean }

/** A state: icon and word, and colour only on top of that. */
export function StateTag({ look, label }: { look: StateLook; label: string }) {
  const Icon = look.icon;
  return (
    <span className={styles.tag} data-tone={look.tone}>
      <Icon size={14} aria-hidden className={look.moving ? 'spin' : undefined} />
      {label}
    </span>
  );
}
