'use client';

import { Skeleton, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, type ReactNode } from 'react';
import type { StepState } from '../../api/words.js';
import { formatDuration } from '../../ui/format.js';
import { useClock } from './clock.js';
import type { RolloutModel, RolloutSpan } from './model/rollout-model.js';
import type { Span, StepModel } from './model/step-model.js';
import { timeScale, type TimeScale } from './model/time-scale.js';
import { stepLooks } from './state-looks.js';
import { endOf, Rests, spanText, Ticks, Track } from './timeline-bars.js';
import styles from './timeline.module.css';
import { timelineWords as words } from './view-words.js';
import { rolloutStateWords, rolloutWords, stepStateWords } from './words.js';

const rowPx = 32;
const drawnAtOnce = 60;
const beyond = 12;
/** The time goes on while somebody looks, but not so often that a large picture is drawn all the time. */
const tickMs = 1_000;
const tickLargeMs = 3_000;

const rested = (span: RolloutSpan): Span => ({ kind: 'wait', from: span.from, to: span.to, label: span.reason ?? rolloutStateWords[span.state], attempt: 1, outcome: null });

/** The rollout's own rests, for people, as a placement of its own would be drawn. */
const ownSpans = ({ spans }: RolloutModel): Span[] => spans.filter(({ state }) => state === 'paused' || state === 'awaiting_approval').map(rested);

interface RowProps { step: StepModel; scale: TimeScale; nowMs: number; selected: boolean; onSelect: (step: string) => void }

function Row({ step, scale, nowMs, selected, onSelect }: RowProps) {
  const { icon: Icon, tone } = stepLooks[step.state];
  const told = step.spans.map((span) => spanText(span, endOf(span.to, nowMs))).join('; ');
  return (
    <UnstyledButton className={styles.row} data-selected={selected || undefined} aria-expanded={selected} onClick={() => onSelect(step.id)}>
      <span className={styles.name} data-tone={tone}>
        <Icon size={14} aria-hidden />
        <span className={styles.label}>{step.component} <span className={styles.host}>{step.host}</span></span>
        <VisuallyHidden>{stepStateWords[step.state]}: {told === '' ? words.nothing : told}</VisuallyHidden>
      </span>
      <Track step={step} scale={scale} nowMs={nowMs} />
    </UnstyledButton>
  );
}

function Legend() {
  const swatch = (kind: Span['kind'], tone: string): ReactNode => <span className={`${styles.bar} ${styles.swatch}`} data-kind={kind} data-tone={tone} />;
  return (
    <div className={styles.legend}>
      <span>{swatch('wait', 'idle')}{words.legend.wait}</span>
      <span>{swatch('block', 'warn')}{words.legend.block}</span>
      <span>{swatch('work', 'busy')}{words.legend.work}</span>
      <span>{swatch('work', 'good')}{words.legend.good}</span>
      <span>{swatch('work', 'bad')}{words.legend.bad}</span>
    </div>
  );
}

interface TimelineProps { model: RolloutModel; only: StepState | null; selected: string | null; reading: boolean; onSelect: (step: string) => void }

/** When each placement waited, for what, and when it was at work, on one axis. */
export function TimelineView({ model, only, selected, reading, onSelect }: TimelineProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const nowMs = useClock(model.open ? (model.steps.length > drawnAtOnce ? tickLargeMs : tickMs) : null);
  const endMs = model.open ? nowMs : Date.parse(model.endedAt ?? '') || nowMs;
  const scale = useMemo(() => timeScale(model, endMs), [model, endMs]);
  const steps = useMemo(() => model.bindings.flatMap((binding) => binding.steps).filter(({ state }) => only === null || state === only), [model.bindings, only]);
  const rows = useVirtualizer({ count: steps.length, getScrollElement: () => scroll.current, estimateSize: () => rowPx, overscan: steps.length <= drawnAtOnce ? drawnAtOnce : beyond, getItemKey: (index) => steps[index]?.id ?? index, useFlushSync: false, initialRect: { width: 800, height: 600 } });
  if (reading) return <div aria-busy><VisuallyHidden>{words.reading}</VisuallyHidden><Skeleton height={320} /></div>;
  const own = ownSpans(model);
  return (
    <section className={styles.box} aria-label={words.label}>
      <div ref={scroll} className={styles.scroll}>
        <div className={styles.axis} aria-hidden><span className={styles.axisName}>{rolloutWords.columns.placement}</span><span className={styles.ticks}><Ticks scale={scale} /></span></div>
        {own.length > 0 && <OwnRow model={model} spans={own} scale={scale} nowMs={endMs} />}
        <ul className={styles.rows} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, key, start }) => {
            const step = steps[index];
            return step === undefined ? null : (
              <li key={String(key)} className={styles.floating} style={{ transform: `translateY(${start}px)` }} aria-setsize={steps.length} aria-posinset={index + 1}>
                <Row step={step} scale={scale} nowMs={endMs} selected={step.id === selected} onSelect={onSelect} />
              </li>
            );
          })}
          <li className={styles.row} style={{ position: 'absolute', inset: 0, height: '100%', pointerEvents: 'none' }} aria-hidden role="presentation"><span /><span className={styles.track}><Rests scale={scale} /></span></li>
        </ul>
      </div>
      <Legend />
      {scale.squeezed.length > 0 && <Text size="xs" c="dimmed" px="sm" pb="xs">{scale.squeezed.map(({ fromMs, toMs }) => words.rest(formatDuration(toMs - fromMs))).join(' · ')}</Text>}
    </section>
  );
}

function OwnRow({ model, spans, scale, nowMs }: { model: RolloutModel; spans: Span[]; scale: TimeScale; nowMs: number }) {
  return (
    <div className={`${styles.row} ${styles.head}`}>
      <span className={styles.name}><span className={styles.label}>{words.rollout} {rolloutStateWords[model.state].toLowerCase()}</span><VisuallyHidden>{spans.map((span) => spanText(span, nowMs)).join('; ')}</VisuallyHidden></span>
      <Track step={{ spans, attempts: [], phase: null, endedAt: null, state: 'pending' }} scale={scale} nowMs={nowMs} />
    </div>
  );
}
