'use client';

import { ActionIcon, Anchor, Group, List, Stack, Text, Title } from '@mantine/core';
import { X } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { Panel } from '../../ui/panel.js';
import { FailureCard } from './failure-card.js';
import type { RolloutModel } from './model/rollout-model.js';
import { hasEnded, type StepModel } from './model/step-model.js';
import { StepActions } from './step-actions.js';
import { StepAttempts } from './step-attempts.js';
import { StepNow } from './step-now.js';
import { StepOutput } from './step-output.js';
import { StepPhases } from './step-phases.js';
import { StepTests } from './step-tests.js';
import { StepTag } from './state-tags.js';
import { attemptWords, viewWords } from './view-words.js';
import { rolloutWords } from './words.js';

function Sentences({ title, items }: { title: string; items: readonly ReactNode[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <Text size="sm" fw={600}>{title}</Text>
      <List size="sm" withPadding>{items.map((item, index) => <List.Item key={index} className="breakable">{item}</List.Item>)}</List>
    </section>
  );
}

const shownWaits = 8;

/** What holds it up, each a way there. */
function Waits({ step, onSelect }: { step: StepModel; onSelect: (step: string) => void }) {
  const names = step.blockedBy.length > 0 ? step.blockedBy : [...new Set(step.waitsFor.map(({ from }) => from))];
  if (names.length === 0 || hasEnded(step.state) || step.state === 'running') return null;
  const items = names.slice(0, shownWaits).map((id) => {
    const [host = '', component = ''] = id.split('/');
    return <Anchor key={id} component="button" type="button" size="sm" onClick={() => onSelect(id)}>{viewWords.panel(component, host)}</Anchor>;
  });
  return <Sentences title={attemptWords.waits} items={items} />;
}

interface StepPanelProps { model: RolloutModel; step: StepModel; /** Answers may be given: it is the present. */ live: boolean; onSelect: (step: string | null) => void }

/** The placement that was picked: where it stands, what failed and what to do, its phases, attempts and output. */
export function StepPanel({ model, step, live, onSelect }: StepPanelProps) {
  const answerable = live && (model.state === 'paused' || model.state === 'running');
  return (
    <section aria-label={viewWords.panel(step.component, step.host)}>
      <Panel p="sm">
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} size="h5" className="breakable">{viewWords.panel(step.component, step.host)}</Title>
          <ActionIcon variant="subtle" color="gray" aria-label={viewWords.close} onClick={() => onSelect(null)}><X size={16} aria-hidden /></ActionIcon>
        </Group>
        <Group gap="sm" wrap="nowrap" align="flex-start"><StepTag state={step.state} />{step.state !== 'failed' && <StepNow step={step} whole />}</Group>
        {step.state === 'failed' && <FailureCard step={step} deployId={model.deployId}>{answerable && <StepActions rolloutId={model.id} step={step} />}</FailureCard>}
        <Waits step={step} onSelect={onSelect} />
        <StepPhases step={step} />
        <StepAttempts step={step} />
        <StepOutput key={step.id} step={step} rolloutId={model.id} />
        <Sentences title={rolloutWords.willDo} items={step.plan?.reasons ?? []} />
        <StepTests step={step} />
        <Sentences title={rolloutWords.operations} items={step.operations.map((text, index) => <Fragment key={index}>{text}</Fragment>)} />
      </Stack>
      </Panel>
    </section>
  );
}
