import { Group, Text, Title } from '@mantine/core';
import { memo } from 'react';
import type { StepState } from '../../api/words.js';
import { StateTag } from '../../ui/state-tag.js';
import { countStates, type BindingModel } from './model/rollout-model.js';
import { BindingSquares, strategySentence } from './squares.js';
import { stepLooks } from './state-looks.js';
import { rolloutWords, stepStateWords } from './words.js';

/** Worst first: what a person should see when they see only one thing. */
export const worstFirst: readonly StepState[] = ['failed', 'blocked', 'running', 'waiting', 'pending', 'rolled_back', 'aborted', 'skipped', 'succeeded', 'unchanged'];
const named = 4;

export function bindingTitle({ index, hosts }: BindingModel): string {
  const more = hosts.length > named ? ` +${hosts.length - named}` : '';
  return `${rolloutWords.binding(index)}: ${hosts.slice(0, named).join(', ')}${more}`;
}

interface BindingHeadProps { binding: BindingModel; level: 2 | 3; selected: string | null; onSelect: (step: string) => void }

/** One entry of the document's `deployment`: its strategy in words, and a square for each placement. */
export const BindingHead = memo(function BindingHead({ binding, level, selected, onSelect }: BindingHeadProps) {
  const counts = countStates(binding.steps);
  return (
    <>
      <Group justify="space-between" gap="xs" mb={6}>
        <Group gap="sm">
          <Title order={level} size="h5" className="breakable">{bindingTitle(binding)}</Title>
          <Text size="sm" c="dimmed">{strategySentence(binding)}</Text>
        </Group>
        <Group gap={6}>{worstFirst.filter((state) => counts[state] > 0).map((state) => <StateTag key={state} look={stepLooks[state]} label={`${counts[state]} ${stepStateWords[state].toLowerCase()}`} />)}</Group>
      </Group>
      <BindingSquares binding={binding} selected={selected} onSelect={onSelect} />
    </>
  );
});
