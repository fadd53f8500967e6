'use client';

import { Skeleton, Stack } from '@mantine/core';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { BindingHead } from './binding-head.js';
import { FailureCard } from './failure-card.js';
import { RollbackNote } from './rollback-note.js';
import { RolloutSummary } from './rollout-summary.js';
import { StepActions } from './step-actions.js';
import type { RolloutFeed } from './use-rollout.js';
import { rolloutWords } from './words.js';

const shownFailures = 3;

/** A rollout in short, live, on another page: where it stands, what failed, and its placements lighting up. Each square leads to the rollout's own page. */
export function RolloutPanel({ feed, link, level = 2 }: { feed: RolloutFeed; link?: ReactNode; /** Of the headings inside. */ level?: 2 | 3 }) {
  const { model, status, error, refetch } = feed;
  const router = useRouter();
  if (error) return <ProblemCard error={error} onRetry={refetch} />;
  if (!model) return <Stack gap="sm" aria-busy><Skeleton height={190} /><Skeleton height={80} /></Stack>;
  return (
    <Stack gap="md">
      {model.open && (status === 'reconnecting' || status === 'offline') && <Note tone="warn" title={rolloutWords.reconnecting} />}
      <RolloutSummary model={model} link={link} />
      <RollbackNote model={model} />
      {model.steps.filter(({ state }) => state === 'failed').slice(0, shownFailures).map((step) => <FailureCard key={step.id} step={step} deployId={model.deployId}>{model.open && <StepActions rolloutId={model.id} step={step} />}</FailureCard>)}
      {model.bindings.filter(({ steps }) => steps.length > 0).map((binding) => (
        <Panel key={binding.index} p="sm"><BindingHead binding={binding} level={level} selected={null} onSelect={(step) => router.push(`/rollouts/${model.id}?step=${step}`)} /></Panel>
      ))}
    </Stack>
  );
}
