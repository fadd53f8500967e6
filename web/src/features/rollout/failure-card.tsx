import { Button, Code, Group, Stack, Text } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Note } from '../../ui/note.js';
import { uiWords } from '../../ui/words.js';
import type { StepModel } from './model/step-model.js';
import { viewWords } from './view-words.js';
import { phaseNames, rolloutWords } from './words.js';

/** What failed, where, what it said last, what to do; and the buttons that do it. */
export function FailureCard({ step, deployId, children }: { step: StepModel; deployId: string; children: ReactNode }) {
  const { failure } = step;
  const words = rolloutWords.failure;
  return (
    <Note tone="bad" title={words.title(step.component, step.host) + (failure?.phase ? ` ${words.phase(phaseNames[failure.phase])}` : '')}>
      <Stack gap={6}>
        <Text size="sm">{failure?.message ?? step.reason}</Text>
        {failure && (failure.put_back || step.action !== 'create') && <Text size="sm">{failure.put_back ? words.putBack : words.notPutBack}</Text>}
        {failure?.output_tail && (
          <div>
            <Text size="xs" fw={600}>{words.tail}</Text>
            <Code block fz="xs" mah={200} style={{ overflow: 'auto' }} tabIndex={0}>{failure.output_tail}</Code>
          </div>
        )}
        {failure?.fix && <Text size="sm"><b>{uiWords.whatToDo}</b> {failure.fix}</Text>}
        {failure && <Text size="xs">{uiWords.code} <Code>{failure.code}</Code></Text>}
        <Group gap="xs" mt={4}>
          {children}
          <Button component={Link} href={`/deploys/${deployId}?tab=yaml`} size="compact-sm" variant="default">{viewWords.editYaml}</Button>
        </Group>
      </Stack>
    </Note>
  );
}
