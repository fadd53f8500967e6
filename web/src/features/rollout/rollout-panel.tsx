'use client';

import { Anchor, Group, Progress, Skeleton, Stack, Text } from '@mantine/core';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { Duration, TimeAgo } from '../../ui/time.js';
import { BindingPanel } from './binding-panel.js';
import { RollbackNote } from './rollback-note.js';
import { RolloutActions } from './rollout-actions.js';
import type { RolloutModel } from './rollout-model.js';
import { doneCount, rolloutSentence } from './rollout-sentence.js';
import { RolloutTag } from './state-tags.js';
import type { RolloutFeed } from './use-rollout.js';
import { kindWords, rolloutWords } from './words.js';

function Facts({ model, link }: { model: RolloutModel; link?: ReactNode }) {
  return (
    <Group gap="md" fz="sm" c="dimmed">
      <span>{kindWords[model.kind]} {rolloutWords.ofVersion(model.version)}{model.startedBy ? ` ${rolloutWords.startedBy(model.startedBy)}` : ''}</span>
      {model.startedAt && <span>{rolloutWords.started} <TimeAgo at={model.startedAt} /></span>}
      {model.startedAt && <span>{model.open ? rolloutWords.running : rolloutWords.took} <Duration from={model.startedAt} to={model.endedAt} /></span>}
      {link}
      {model.temporalUrl && <Anchor size="sm" href={model.temporalUrl} target="_blank" rel="noreferrer"><Group gap={4} component="span">{rolloutWords.temporal}<ExternalLink size={14} aria-hidden /></Group></Anchor>}
    </Group>
  );
}

function Summary({ model, link }: { model: RolloutModel; link?: ReactNode }) {
  const done = doneCount(model);
  const all = model.steps.length;
  return (
    <Panel>
      <Stack gap="sm">
        <Group gap="sm" align="flex-start" wrap="nowrap">
          <RolloutTag state={model.state} />
          <Text fw={600} role="status" aria-live="polite" className="breakable">{rolloutSentence(model)}</Text>
        </Group>
        <Facts model={model} link={link} />
        <Progress.Root size="lg">
          <Progress.Section value={all === 0 ? 0 : (100 * done) / all} aria-label={rolloutWords.progress(done, all)} color={model.counts.failed > 0 ? 'red.8' : undefined} />
        </Progress.Root>
        <Text size="sm">{rolloutWords.progress(done, all)}</Text>
        <RolloutActions model={model} />
      </Stack>
    </Panel>
  );
}

/** A rollout, live: where it stands, what a person can do, and a panel per binding. */
export function RolloutPanel({ feed, link, level = 2 }: { feed: RolloutFeed; link?: ReactNode; /** Of the headings inside. */ level?: 2 | 3 }) {
  const { model, status, error, logError, refetch } = feed;
  if (error) return <ProblemCard error={error} onRetry={refetch} />;
  if (!model) return <Stack gap="sm" aria-busy><Skeleton height={150} /><Skeleton height={180} /></Stack>;
  return (
    <Stack gap="md">
      {model.open && (status === 'reconnecting' || status === 'offline') && <Note tone="warn" title={rolloutWords.reconnecting} />}
      {logError != null && <ProblemCard error={logError} onRetry={refetch} />}
      <Summary model={model} link={link} />
      <RollbackNote model={model} />
      {model.bindings.filter(({ steps }) => steps.length > 0).map((binding) => <BindingPanel key={binding.index} binding={binding} model={model} level={level} />)}
    </Stack>
  );
}
