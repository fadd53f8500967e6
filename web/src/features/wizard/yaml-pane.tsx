'use client';

import { Group, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { CopyButton } from '../../ui/copy-button.js';
import { Panel } from '../../ui/panel.js';
import type { Entry } from './model/answers.js';
import { changedLines, firstDifference } from './model/changed-lines.js';
import { paneWords as words } from './words.js';
import styles from './wizard.module.css';

/** Lines kept in sight above the one that is looked for. */
const linesAbove = 4;

/** What was just written comes into sight, within the pane only. */
function useFollow(yaml: string) {
  const pane = useRef<HTMLPreElement>(null);
  const before = useRef(yaml);
  useEffect(() => {
    const at = firstDifference(before.current, yaml);
    before.current = yaml;
    const line = pane.current?.querySelectorAll<HTMLElement>('[data-kind="same"], [data-kind="added"]')[at];
    if (at > 0 && line && pane.current) pane.current.scrollTop = line.offsetTop - pane.current.offsetTop - linesAbove * line.offsetHeight;
  }, [yaml]);
  return pane;
}

/** The document as it would be saved, beside what it was; marks are read out as well. */
export function YamlPane({ entry, before, yaml }: { entry: Entry; before: string; yaml: string }) {
  const lines = changedLines(before, yaml);
  const pane = useFollow(yaml);
  const count = (kind: string): number => lines.filter((line) => line.kind === kind).length;
  return (
    <Panel p="sm" className={styles.pane}>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h5">{words.title}</Title>
          <CopyButton text={yaml} label={words.copy} />
        </Group>
        <pre className={styles.yaml} tabIndex={0} role="region" aria-label={words.label} ref={pane}>
          {lines.map(({ text, kind }, index) => (
            <code key={index} className={styles.line} data-kind={kind}>
              {kind !== 'same' && <span className={styles.hidden}>{words[kind]} </span>}{text}
            </code>
          ))}
        </pre>
        <Text size="xs" c="dimmed">{words.changes(count('added'), count('removed'))} {count('added') + count('removed') > 0 && `(${words.since[entry]})`}</Text>
      </Stack>
    </Panel>
  );
}
