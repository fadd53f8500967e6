'use client';

import { Skeleton, Text } from '@mantine/core';
import dynamic from 'next/dynamic';
import styles from './graph.module.css';
import type { RolloutModel } from './model/rollout-model.js';
import { graphWords } from './view-words.js';

/** Only who looks at the graph loads what draws it. */
const GraphFlow = dynamic(() => import('./graph-flow.js'), { ssr: false, loading: () => <Skeleton height="100%" aria-busy aria-label={graphWords.loading} role="status" /> });

interface GraphProps { model: RolloutModel; selected: string | null; onSelect: (step: string) => void }

/** Hosts with their components, and who waits for whom. */
export function GraphView({ model, selected, onSelect }: GraphProps) {
  return (
    <section aria-label={graphWords.label}>
      <div className={styles.box}><GraphFlow steps={model.steps} selected={selected} onSelect={onSelect} /></div>
      <Text size="xs" c="dimmed" mt={4}>{graphWords.twin}</Text>
    </section>
  );
}
