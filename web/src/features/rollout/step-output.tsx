'use client';

import { Anchor, Button, Group, Text } from '@mantine/core';
import { Pause, Play } from 'lucide-react';
import { Fragment, useEffect, useMemo, useRef, useState } from 'react';
import styles from './step-output.module.css';
import type { AttemptModel, OutputLine, StepModel } from './model/step-model.js';
import { attemptWords } from './view-words.js';
import { rolloutWords } from './words.js';

/** So near to the end counts as reading the end. */
const nearPx = 24;

/** The attempt whose first line this is; null for all other lines, and where there was only one. */
function attemptAt(lines: readonly OutputLine[], attempts: readonly AttemptModel[]): Map<string, number> {
  const starts = new Map<string, number>();
  if (attempts.length < 2) return starts;
  for (const { attempt, fromId } of attempts) {
    const first = lines.find(({ id }) => id > fromId);
    if (first) starts.set(first.key, attempt);
  }
  return starts;
}

function Lines({ lines, attempts }: { lines: readonly OutputLine[]; attempts: readonly AttemptModel[] }) {
  const starts = useMemo(() => attemptAt(lines, attempts), [lines, attempts]);
  return lines.map((line) => {
    const attempt = starts.get(line.key);
    return (
      <Fragment key={line.key}>
        {attempt !== undefined && <div className={styles.attempt}>{attemptWords.separator(attempt)}</div>}
        <div className={styles.line} data-stream={line.stream} title={line.ts}>{line.text}</div>
      </Fragment>
    );
  });
}

/** The last lines, which is where one starts to read; new ones are followed until somebody scrolls up or pauses. */
export function StepOutput({ step, rolloutId }: { step: StepModel; rolloutId: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState<readonly OutputLine[] | null>(null);
  const lines = seen ?? step.output;
  const follow = seen === null;
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, lines]);
  const scrolled = () => {
    const { current } = box;
    if (!current) return;
    const atEnd = current.scrollHeight - current.scrollTop - current.clientHeight < nearPx;
    if (follow && !atEnd) setSeen(step.output);
  };
  if (step.output.length === 0) return <Text size="sm" c="dimmed">{rolloutWords.noOutput}</Text>;
  const lastSeen = lines.at(-1);
  const fresh = follow || lastSeen === undefined ? 0 : step.output.length - 1 - step.output.findLastIndex(({ key }) => key === lastSeen.key);
  return (
    <section>
      <Group justify="space-between" gap="xs" mb={4}>
        <Text span size="sm" fw={600}>{rolloutWords.output} ({rolloutWords.lines(step.output.length + step.droppedLines)})</Text>
        <Group gap="sm">
          <Button size="compact-xs" variant="default" leftSection={follow ? <Pause size={12} aria-hidden /> : <Play size={12} aria-hidden />} onClick={() => setSeen(follow ? step.output : null)}>
            {follow ? rolloutWords.hold : fresh > 0 ? rolloutWords.followNew(fresh) : rolloutWords.follow}
          </Button>
          <Anchor size="sm" href={`/api/rollouts/${rolloutId}/log?format=text`} target="_blank">{rolloutWords.fullLog}</Anchor>
        </Group>
      </Group>
      {step.droppedLines > 0 && <Text size="sm" c="dimmed" mb={4}>{rolloutWords.dropped(step.droppedLines)}</Text>}
      <div ref={box} className={styles.lines} onScroll={scrolled} tabIndex={0} role="log" aria-live="off" aria-label={rolloutWords.outputOf(step.component, step.host)}>
        <Lines lines={lines} attempts={step.attempts} />
      </div>
    </section>
  );
}
