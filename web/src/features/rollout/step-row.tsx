'use client';

import { ActionIcon, List, Stack, Table, Text } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import { Duration } from '../../ui/time.js';
import { FailureCard } from './failure-card.js';
import { StepActions } from './step-actions.js';
import type { StepModel } from './step-model.js';
import { StepNow } from './step-now.js';
import { StepOutput } from './step-output.js';
import { StepPhases } from './step-phases.js';
import { StepTests } from './step-tests.js';
import { StepTag } from './state-tags.js';
import { rolloutWords } from './words.js';

function Sentences({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>{title}</Text>
      <List size="sm" withPadding>{items.map((item) => <List.Item key={item} className="breakable">{item}</List.Item>)}</List>
    </div>
  );
}

interface StepRowProps { step: StepModel; rolloutId: string; /** A person may answer for it now. */ answerable: boolean }

function StepDetails({ step, rolloutId, answerable }: StepRowProps) {
  return (
    <Stack gap="sm" py="xs">
      {step.state === 'failed' && <FailureCard step={step}>{answerable && <StepActions rolloutId={rolloutId} step={step} />}</FailureCard>}
      <Sentences title={rolloutWords.willDo} items={step.plan?.reasons ?? []} />
      <StepPhases step={step} />
      <StepTests step={step} />
      <Sentences title={rolloutWords.operations} items={step.operations} />
      <StepOutput step={step} rolloutId={rolloutId} />
    </Stack>
  );
}

/** One placement; its details open by themselves when it failed. */
export function StepRow(props: StepRowProps) {
  const { step } = props;
  const [choice, setChoice] = useState<boolean | null>(null);
  const open = choice ?? step.state === 'failed';
  const detailsId = useId();
  const Arrow = open ? ChevronDown : ChevronRight;
  return (
    <Table.Tbody>
      <Table.Tr>
        <Table.Td w={44} px={4}>
          <ActionIcon variant="subtle" color="gray" aria-expanded={open} aria-controls={detailsId} aria-label={rolloutWords.details(step.component, step.host)} onClick={() => setChoice(!open)}>
            <Arrow size={16} aria-hidden />
          </ActionIcon>
        </Table.Td>
        <Table.Td w={140}><StepTag state={step.state} /></Table.Td>
        <Table.Th scope="row" fw={600} w="18%" className="breakable">{step.component}</Table.Th>
        <Table.Td w="16%" className="breakable">{step.host}</Table.Td>
        <Table.Td><StepNow step={step} />{step.attempt > 1 && <Text size="xs" c="dimmed">{rolloutWords.attempt(step.attempt)}</Text>}</Table.Td>
        <Table.Td w={90} ta="right">{step.startedAt && (step.endedAt !== null || step.state === 'running') ? <Duration from={step.startedAt} to={step.endedAt} /> : '–'}</Table.Td>
      </Table.Tr>
      <Table.Tr id={detailsId} hidden={!open}>
        <Table.Td colSpan={6} pl={48}>{open && <StepDetails {...props} />}</Table.Td>
      </Table.Tr>
    </Table.Tbody>
  );
}
