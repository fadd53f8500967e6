import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './disclosure.module.css';

interface DisclosureProps { summary: ReactNode; children: ReactNode; open?: boolean }

/** A row that opens; the browser's own element, so that keyboard, screen readers and search in the page work. */
export function Disclosure({ summary, children, open = false }: DisclosureProps) {
  return (
    <details className={styles.root} open={open}>
      <summary className={styles.summary}>
        <ChevronRight size={16} aria-hidden className={styles.arrow} />
        <span className={styles.label}>{summary}</span>
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  );
}
