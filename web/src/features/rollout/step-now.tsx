import { Text } from '@mantine/core';
import { Duration } from '../../ui/time.js';
import { actionLabels } from '../diff/words.js';
import { stepDoing } from './rollout-sentence.js';
import type { StepModel } from './step-model.js';
import { rolloutWords } from './words.js';

/** What it waits for, in words: as told, else as the graph has it. */
function waitingFor(step: StepModel): string {
  if (step.reason) return step.reason;
  if (step.blockedBy.length > 0) return rolloutWords.blockedBy(step.blockedBy);
  const [first] = step.waitsFor;
  if (!first) return rolloutWords.notStarted;
  const [host = '', component = ''] = first.from.split('/');
  return rolloutWords.waitsFor(component, host);
}

function settled(step: StepModel): string {
  if (step.state === 'failed') return step.failure?.message ?? step.reason ?? '';
  if (step.state === 'skipped' || step.state === 'aborted' || step.state === 'rolled_back') return step.reason ?? '';
  const [reason = ''] = step.plan?.reasons ?? [];
  if (step.state === 'unchanged') return step.reason ?? (reason === '' ? rolloutWords.nothingToChange : reason);
  return [step.action && actionLabels[step.action], reason].filter(Boolean).join(': ');
}

/** The one line about a placement: what it does right now, waits for, or came to. */
export function StepNow({ step }: { step: StepModel }) {
  const { state, phase } = step;
  if (state === 'running') {
    return (
      <Text size="sm" className="breakable">
        {stepDoing(step)}
        {phase?.startedAt && <Text span c="dimmed"> · <Duration from={phase.startedAt} to={null} /></Text>}
      </Text>
    );
  }
  const waits = state === 'pending' || state === 'waiting' || state === 'blocked';
  return <Text size="sm" className="breakable" lineClamp={2} c={state === 'pending' ? 'dimmed' : undefined}>{waits ? waitingFor(step) : settled(step)}</Text>;
}
