import type { MouseEvent } from 'react';
import type { StepState } from '../../api/words.js';
import { formatDuration } from '../../ui/format.js';
import { wavesOf } from './model/waves.js';
import type { BindingModel } from './model/rollout-model.js';
import type { StepModel } from './model/step-model.js';
import styles from './squares.module.css';
import { stepLooks } from './state-looks.js';
import { strategyWords } from './view-words.js';
import { rolloutWords, stepStateWords } from './words.js';

const glyphs: Record<StepState, string> = {
  pending: '', waiting: '', running: '▸', unchanged: '=', succeeded: '✓', failed: '×', blocked: '!', skipped: '»', aborted: '–', rolled_back: '↶',
};

interface SquaresProps { steps: readonly StepModel[]; selected: string | null; onSelect: (step: string) => void }

function Squares({ steps, selected }: Omit<SquaresProps, 'onSelect'>) {
  return steps.map(({ id, component, host, state }) => (
    <span key={id} className={styles.square} data-step={id} data-tone={stepLooks[state].tone} data-state={state} data-selected={id === selected || undefined} title={`${component} · ${host}: ${stepStateWords[state]}`}>{glyphs[state]}</span>
  ));
}

/** Placements lighting up, in their waves where the strategy has some. The rows below say the same in words. */
export function BindingSquares({ binding, selected, onSelect }: { binding: BindingModel } & Omit<SquaresProps, 'steps'>) {
  const waves = binding.group === null ? [] : wavesOf(binding.group, binding.steps).filter(({ hosts }) => hosts.some((host) => binding.hosts.includes(host)));
  const pick = ({ target }: MouseEvent) => {
    const step = target instanceof HTMLElement ? target.dataset['step'] : undefined;
    if (step !== undefined) onSelect(step);
  };
  if (waves.length === 0) return <div className={styles.squares} aria-hidden onClick={pick}><Squares steps={binding.steps} selected={selected} /></div>;
  return (
    <div className={styles.squares} onClick={pick}>
      {waves.map(({ index, hosts, done, state }) => (
        <div key={index} className={styles.wave} data-state={state}>
          <span className={styles.waveName}>{strategyWords.wave(index, waves.length)}, {strategyWords.waveStates[state]} ({strategyWords.waveHosts(done, hosts.length)})</span>
          <div className={styles.squares} aria-hidden><Squares steps={binding.steps.filter(({ host }) => hosts.includes(host))} selected={selected} /></div>
        </div>
      ))}
    </div>
  );
}

/** `canary · 2 hosts at a time · each change is watched for 30s`. */
export function strategySentence({ strategy, group, rules }: BindingModel): string {
  return [
    rolloutWords.strategy[strategy] ?? strategy,
    group?.max_parallel === undefined ? null : strategyWords.maxParallel(group.max_parallel),
    group?.max_failures === undefined ? null : strategyWords.maxFailures(group.max_failures + 1),
    group?.verify_ms ? strategyWords.verify(formatDuration(group.verify_ms)) : null,
    rules?.approval === true ? strategyWords.approval : null,
  ].filter((part) => part !== null).join(' · ');
}
