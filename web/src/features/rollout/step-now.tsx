import { Text } from '@mantine/core';
import { Elapsed } from './clock.js';
import { actionLabels } from '../diff/words.js';
import { stepDoing } from './model/rollout-sentence.js';
import type { StepModel } from './model/step-model.js';
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

const waits = ({ state }: StepModel): boolean => state === 'pending' || state === 'waiting' || state === 'blocked';

/** What a placement does right now, waits for, or came to, in one line. */
export const stepLine = (step: StepModel): string => (step.state === 'running' ? stepDoing(step) : waits(step) ? waitingFor(step) : settled(step));

/** The one line about a placement: what it does right now, waits for, or came to. */
export function StepNow({ step, whole = false }: { step: StepModel; /** However long it is. */ whole?: boolean }) {
  const { state, phase } = step;
  if (state === 'running') {
    return (
      <Text size="sm" className="breakable">
        {stepDoing(step)}
        {phase?.startedAt && <Text span c="dimmed"> · <Elapsed from={phase.startedAt} to={null} /></Text>}
      </Text>
    );
  }
  return <Text size="sm" className="breakable" lineClamp={whole ? undefined : 2} c={state === 'pending' ? 'dimmed' : undefined}>{stepLine(step)}</Text>;
}
