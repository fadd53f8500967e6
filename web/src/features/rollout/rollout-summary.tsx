'use client';

import { Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { ExternalLink } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Panel } from '../../ui/panel.js';
import { TimeAgo } from '../../ui/time.js';
import { Elapsed } from './clock.js';
import type { RolloutModel } from './model/rollout-model.js';
import { doneCount, rolloutSentence, sentenceSince } from './model/rollout-sentence.js';
import { RolloutActions } from './rollout-actions.js';
import { RolloutTag } from './state-tags.js';
import { viewWords } from './view-words.js';
import { kindWords, rolloutWords } from './words.js';

function Facts({ model, link }: { model: RolloutModel; link?: ReactNode }) {
  return (
    <Group gap="md" fz="sm" c="dimmed">
      <span>{kindWords[model.kind]} {rolloutWords.ofVersion(model.version)}{model.startedBy ? ` ${rolloutWords.startedBy(model.startedBy)}` : ''}</span>
      {model.startedAt && <span>{rolloutWords.started} <TimeAgo at={model.startedAt} /></span>}
      {model.startedAt && <span>{model.open ? rolloutWords.running : rolloutWords.took} <Elapsed from={model.startedAt} to={model.endedAt} /></span>}
      {link}
      {model.temporalUrl && <Anchor size="sm" href={model.temporalUrl} target="_blank" rel="noreferrer"><Group gap={4} component="span">{rolloutWords.temporal}<ExternalLink size={14} aria-hidden /></Group></Anchor>}
    </Group>
  );
}

const inked = { good: 'green.9', bad: 'red.8', warn: 'yellow.9', idle: 'gray.6' } as const;

/** How much is done, has failed and is held up: the widths say it, the sentence below too. */
function Bar({ model }: { model: RolloutModel }) {
  const done = doneCount(model);
  const all = Math.max(1, model.steps.length);
  const width = (count: number) => (100 * count) / all;
  return (
    <>
      <Progress.Root size="lg">
        <Progress.Section value={width(done)} aria-label={rolloutWords.progress(done, model.steps.length)} color={model.state === 'succeeded' ? inked.good : undefined} />
        {model.counts.failed > 0 && <Progress.Section value={width(model.counts.failed)} withAria={false} color={inked.bad} />}
        {model.counts.blocked > 0 && <Progress.Section value={width(model.counts.blocked)} withAria={false} color={inked.warn} />}
      </Progress.Root>
      <Text size="sm">{rolloutWords.progress(done, model.steps.length)}</Text>
    </>
  );
}

/** What to do next, once it is over. */
function AfterEnd({ model }: { model: RolloutModel }) {
  if (model.open) return null;
  const well = model.state === 'succeeded';
  return <Group><Button component={Link} href={`/deploys/${model.deployId}${well ? '' : '?tab=diff'}`} variant={well ? 'default' : 'filled'}>{well ? viewWords.whatRuns : viewWords.tryAgain}</Button></Group>;
}

interface SummaryProps { model: RolloutModel; link?: ReactNode; /** It is the present, and may be answered. */ live?: boolean }

/** Where it stands in one sentence, since when, and the next thing to do. */
export function RolloutSummary({ model, link, live = true }: SummaryProps) {
  const since = model.open ? sentenceSince(model) : null;
  return (
    <Panel>
      <Stack gap="sm">
        <Group gap="sm" align="flex-start">
          <RolloutTag state={model.state} />
          <div style={{ flex: '1 1 17rem' }}>
            <Text fw={600} role="status" aria-live={live ? 'polite' : 'off'} className="breakable">{rolloutSentence(model)}</Text>
            {since !== null && <Text size="sm" c="dimmed">{viewWords.since} {new Date(since).toLocaleTimeString()} (<Elapsed from={since} to={null} />)</Text>}
          </div>
        </Group>
        <Facts model={model} link={link} />
        <Bar model={model} />
        {live && <RolloutActions model={model} />}
        {live && <AfterEnd model={model} />}
      </Stack>
    </Panel>
  );
}
