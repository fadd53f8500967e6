'use client';

import { Button, Group, Skeleton, Stack, Tabs } from '@mantine/core';
import { History } from 'lucide-react';
import { Suspense, useCallback, useRef, type ReactNode } from 'react';
import { Empty } from '../../ui/empty.js';
import { Note } from '../../ui/note.js';
import { PageHeader } from '../../ui/page-header.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { ClockProvider } from './clock.js';
import { GraphView } from './graph-view.js';
import { Legend } from './legend.js';
import type { RolloutModel } from './model/rollout-model.js';
import { PlaybackBar } from './playback-bar.js';
import { ReportPanel } from './report-panel.js';
import { RollbackNote } from './rollback-note.js';
import styles from './rollout-page.module.css';
import { RolloutSummary } from './rollout-summary.js';
import { StepPanel } from './step-panel.js';
import { StepTable } from './step-table.js';
import { TimelineView } from './timeline-view.js';
import { usePlayback } from './use-playback.js';
import { useRollout, type RolloutFeed } from './use-rollout.js';
import { usePageView, views, type PageView } from './use-view.js';
import { playbackWords, viewWords } from './view-words.js';
import { rolloutStateWords, rolloutWords } from './words.js';

const skeleton = <Stack gap="md" aria-busy><Skeleton height={215} /><Skeleton height={36} /><Skeleton height={260} /></Stack>;

interface BodyProps { model: RolloutModel; page: PageView; live: boolean; reading: boolean }

/** Nobody has picked a placement: beside the rows, the first that failed is what a person wants to see. */
const pickedStep = ({ steps, open }: RolloutModel, { step: asked, view }: PageView) => {
  if (asked !== undefined) return steps.find(({ id }) => id === asked) ?? null;
  return open && view === 'steps' ? steps.find(({ state }) => state === 'failed') ?? null : null;
};

function Views({ model, page, reading, live }: BodyProps) {
  const { go, view, state: only } = page;
  const aside = useRef<HTMLDivElement>(null);
  const step = pickedStep(model, page);
  const select = useCallback((id: string | null) => {
    go({ step: id });
    // Where the details stand above the rows, they come into sight.
    if (id !== null && aside.current && getComputedStyle(aside.current).position === 'static') aside.current.scrollIntoView({ block: 'nearest' });
  }, [go]);
  const selected = step?.id ?? null;
  const shown: Record<typeof view, ReactNode> = {
    steps: <StepTable model={model} only={only} selected={selected} onSelect={select} onShowAll={() => go({ state: null })} />,
    timeline: <TimelineView model={model} only={only} selected={selected} reading={reading} onSelect={select} />,
    graph: <GraphView model={model} selected={selected} onSelect={select} />,
  };
  return (
    <Tabs value={view} onChange={(next) => go({ view: views.find((name) => name === next) ?? 'steps' })} keepMounted={false} variant="outline">
      <Tabs.List mb="sm" aria-label={viewWords.viewsLabel}>
        {views.map((name) => <Tabs.Tab key={name} value={name}>{viewWords.views[name]}</Tabs.Tab>)}
      </Tabs.List>
      <div className={styles.grid} data-whole={(step === null && view !== 'steps') || undefined}>
        <div>
          {view !== 'graph' && <div className={styles.bar}><Legend model={model} only={only} onOnly={(state) => go({ state })} /></div>}
          {views.map((name) => <Tabs.Panel key={name} value={name}>{shown[name]}</Tabs.Panel>)}
        </div>
        <div ref={aside} className={styles.aside}>
          {step === null ? <p className={styles.hint}>{viewWords.pick}</p> : <StepPanel key={step.id} model={model} step={step} live={live} onSelect={select} />}
        </div>
      </div>
    </Tabs>
  );
}

function Body({ model, page, live, reading }: BodyProps) {
  return (
    <>
      <RolloutSummary model={model} live={live} />
      <RollbackNote model={model} />
      {live && !model.open && !reading && <ReportPanel model={model} onSelect={(step) => page.go({ step, view: 'steps' })} />}
      {model.steps.length === 0 ? <Empty {...viewWords.nothing} /> : <Views model={model} page={page} live={live} reading={reading} />}
    </>
  );
}

/** How it stood at some moment before. */
function Past({ rolloutId, feed, page }: { rolloutId: string; feed: RolloutFeed; page: PageView }) {
  const { player, empty, error, refetch } = usePlayback(rolloutId, feed.snapshot, true);
  const close = () => page.go({ playing: false });
  if (error) return <ProblemCard error={error} onRetry={refetch} />;
  if (empty) return <Empty title={playbackWords.title} sentence={playbackWords.nothing} action={<Button onClick={close}>{playbackWords.close}</Button>} />;
  if (player === null) return skeleton;
  return (
    <ClockProvider value={player.atMs}>
      <PlaybackBar player={player} onClose={close} />
      <Body model={player.model} page={page} live={false} reading={false} />
    </ClockProvider>
  );
}

function Present({ feed, page }: { feed: RolloutFeed; page: PageView }) {
  const { model, status, error, reading, refetch } = feed;
  if (error) return <ProblemCard error={error} onRetry={refetch} />;
  if (!model) return skeleton;
  return (
    <>
      {model.open && (status === 'reconnecting' || status === 'offline') && <Note tone="warn" title={rolloutWords.reconnecting} role="status" />}
      <Body model={model} page={page} live reading={reading} />
    </>
  );
}

function RolloutView({ rolloutId }: { rolloutId: string }) {
  const feed = useRollout(rolloutId);
  const page = usePageView();
  const { model } = feed;
  const title = model ? rolloutWords.title(model.deployName, model.version) : rolloutWords.heading;
  const trail = [{ href: '/deploys', label: rolloutWords.deploys }, ...(model ? [{ href: `/deploys/${model.deployId}`, label: model.deployName }] : [])];
  const replay = model && !model.open && !page.playing && (
    <Button variant="default" leftSection={<History size={16} aria-hidden />} onClick={() => page.go({ playing: true })}>{playbackWords.open}</Button>
  );
  return (
    <div className={styles.page}>
      <PageHeader title={title} windowTitle={model ? `${rolloutStateWords[model.state]}: ${title}` : title} trail={trail} beside={<Group>{replay}</Group>} />
      <Stack gap="md">{page.playing ? <Past rolloutId={rolloutId} feed={feed} page={page} /> : <Present feed={feed} page={page} />}</Stack>
    </div>
  );
}

export function RolloutPage({ rolloutId }: { rolloutId: string }) {
  return <Suspense fallback={skeleton}><RolloutView key={rolloutId} rolloutId={rolloutId} /></Suspense>;
}
