import { memo } from 'react';
import { formatDuration } from '../../ui/format.js';
import type { Tone } from '../../ui/state-tag.js';
import type { Span, StepModel } from './model/step-model.js';
import type { TimeScale } from './model/time-scale.js';
import { stepLooks } from './state-looks.js';
import styles from './timeline.module.css';
import { timelineWords as words } from './view-words.js';
import { phaseNames, stepStateWords } from './words.js';

const percent = (share: number): string => `${(100 * share).toFixed(3)}%`;
export const endOf = (to: string | null, nowMs: number): number => (to === null ? nowMs : Date.parse(to));
/** Too narrow for a word in any window. */
const hairline = 0.03;
/** The bar itself says that it waits. */
const shortened = (label: string): string => label.replace(/^waiting for /, '');

const clock = (ms: number): string => new Date(ms).toLocaleTimeString();
export const rangeText = (fromMs: number, toMs: number, goesOn: boolean): string => words.range(clock(fromMs), goesOn ? words.goesOn : clock(toMs));

/** What a bar is about, in words: it is drawn, read out and shown on hover. */
export function spanText({ kind, from, to, label, outcome }: Span, nowMs: number): string {
  const duration = formatDuration(endOf(to, nowMs) - Date.parse(from));
  if (kind === 'wait') return words.waited(duration, label);
  return kind === 'block' ? words.blocked(duration, label) : words.worked(duration, outcome === null ? null : stepStateWords[outcome]);
}

const toneOf = ({ outcome }: Span): Tone => (outcome === null ? 'busy' : stepLooks[outcome].tone);

interface TrackProps { step: Pick<StepModel, 'spans' | 'attempts' | 'phase' | 'endedAt' | 'state'>; scale: TimeScale; nowMs: number }

function Bar({ span, scale, nowMs }: { span: Span; scale: TimeScale; nowMs: number }) {
  const fromMs = Date.parse(span.from);
  const toMs = endOf(span.to, nowMs);
  const left = scale.at(fromMs);
  const width = scale.at(toMs) - left;
  const text = spanText(span, nowMs);
  return (
    <span className={styles.bar} data-kind={span.kind} data-tone={toneOf(span)} style={{ left: percent(left), width: percent(width) }} title={`${text}\n${rangeText(fromMs, toMs, span.to === null)}`}>
      {width > hairline && <span className={styles.words}>{span.kind === 'work' ? formatDuration(toMs - fromMs) : shortened(span.label ?? text)}</span>}
    </span>
  );
}

function Phases({ step, scale, nowMs }: TrackProps) {
  return step.attempts.flatMap(({ attempt, phases }) => phases.map(({ phase, startedAt, durationMs, detail }) => {
    if (startedAt === null) return null;
    const fromMs = Date.parse(startedAt);
    const toMs = durationMs === null ? nowMs : fromMs + durationMs;
    if (durationMs === null && step.phase?.phase !== phase) return null;
    const left = scale.at(fromMs);
    const title = `${phaseNames[phase]} ${formatDuration(toMs - fromMs)}${detail === null ? '' : `: ${detail}`}\n${rangeText(fromMs, toMs, durationMs === null)}`;
    return <span key={`${attempt}-${phase}`} className={styles.phase} data-long={phase === 'health' || phase === 'verify'} style={{ left: percent(left), width: percent(scale.at(toMs) - left) }} title={title} />;
  }));
}

/** One placement's time: waits hatched and named, work by how it ended, phases as a line below. */
export const Track = memo(function Track({ step, scale, nowMs }: TrackProps) {
  return (
    <span className={styles.track} aria-hidden>
      {step.spans.map((span) => <Bar key={`${span.from}-${span.kind}`} span={span} scale={scale} nowMs={nowMs} />)}
      <Phases step={step} scale={scale} nowMs={nowMs} />
      {step.spans.every(({ kind }) => kind !== 'work') && step.endedAt !== null && <span className={styles.point} style={{ left: percent(scale.at(Date.parse(step.endedAt))) }} title={`${stepStateWords[step.state]}, ${clock(Date.parse(step.endedAt))}`} />}
    </span>
  );
});

export function Rests({ scale }: { scale: TimeScale }) {
  return scale.squeezed.map(({ fromMs, toMs }) => {
    const left = scale.at(fromMs);
    return <span key={fromMs} className={styles.rest} style={{ left: percent(left), width: percent(scale.at(toMs) - left) }} title={words.rest(formatDuration(toMs - fromMs))} />;
  });
}

const ticks = 4;

export function Ticks({ scale }: { scale: TimeScale }) {
  return Array.from({ length: ticks }, (_unused, index) => index / ticks).map((place) => (
    <span key={place} className={styles.tick} style={{ left: percent(place) }}>{place === 0 ? clock(scale.startMs) : `+${formatDuration(scale.momentAt(place) - scale.startMs)}`}</span>
  ));
}
