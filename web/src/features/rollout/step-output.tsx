'use client';

import { Anchor, Button, Group, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Disclosure } from '../../ui/disclosure.js';
import styles from './step-output.module.css';
import type { StepModel } from './step-model.js';
import { rolloutWords } from './words.js';

/** So near to the end counts as reading the end. */
const nearPx = 24;

/** The last lines, which is where one starts to read; new ones are followed until somebody scrolls up. */
function Lines({ step }: { step: StepModel }) {
  const box = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, step.output]);
  const scrolled = () => {
    const { current } = box;
    if (current) setFollow(current.scrollHeight - current.scrollTop - current.clientHeight < nearPx);
  };
  return (
    <>
      <div ref={box} className={styles.lines} onScroll={scrolled} tabIndex={0} role="log" aria-live="off" aria-label={rolloutWords.outputOf(step.component, step.host)}>
        {step.output.map((line) => <div key={line.key} className={styles.line} data-stream={line.stream}>{line.text}</div>)}
      </div>
      {!follow && <Button size="compact-xs" variant="default" mt={4} onClick={() => setFollow(true)}>{rolloutWords.follow}</Button>}
    </>
  );
}

export function StepOutput({ step, rolloutId }: { step: StepModel; rolloutId: string }) {
  const dropped = step.droppedLines > 0 ? rolloutWords.dropped(step.droppedLines) : null;
  if (step.output.length === 0) return <Text size="sm" c="dimmed">{rolloutWords.noOutput}</Text>;
  return (
    <Disclosure open summary={<Text span size="sm" fw={600}>{rolloutWords.output} ({rolloutWords.lines(step.output.length + step.droppedLines)})</Text>}>
      <Group gap="md" mb={4}>
        {dropped && <Text size="sm" c="dimmed">{dropped}</Text>}
        <Anchor size="sm" href={`/api/rollouts/${rolloutId}/log?format=text`} target="_blank">{rolloutWords.fullLog}</Anchor>
      </Group>
      <Lines step={step} />
    </Disclosure>
  );
}
