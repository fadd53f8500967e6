import { Group, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import { Panel } from '../../ui/panel.js';
import { StateTag } from '../../ui/state-tag.js';
import { Wide } from '../../ui/wide.js';
import type { StepState } from '../../api/words.js';
import type { BindingModel, RolloutModel } from './rollout-model.js';
import { stepLooks } from './state-looks.js';
import { StepRow } from './step-row.js';
import { rolloutWords, stepStateWords } from './words.js';

/** Worst first: what a person should see when they see only one thing. */
const order: readonly StepState[] = ['failed', 'blocked', 'running', 'waiting', 'pending', 'rolled_back', 'aborted', 'skipped', 'succeeded', 'unchanged'];

function Counts({ binding }: { binding: BindingModel }) {
  const present = order.map((state) => ({ state, count: binding.steps.filter((step) => step.state === state).length })).filter(({ count }) => count > 0);
  return <Group gap={6}>{present.map(({ state, count }) => <StateTag key={state} look={stepLooks[state]} label={`${count} ${stepStateWords[state].toLowerCase()}`} />)}</Group>;
}

/** One entry of the document's `deployment`, with its placements. */
export function BindingPanel({ binding, model, level }: { binding: BindingModel; model: RolloutModel; level: 2 | 3 }) {
  const { columns } = rolloutWords;
  const title = `${rolloutWords.binding(binding.index)}: ${binding.hosts.join(', ')}`;
  const answerable = model.state === 'paused' || model.state === 'running';
  return (
    <Panel p="sm">
      <Group justify="space-between" gap="sm" mb="xs">
        <Group gap="sm">
          <Title order={level} size="h5" className="breakable">{title}</Title>
          <Text size="sm" c="dimmed">{rolloutWords.strategy[binding.strategy] ?? binding.strategy}</Text>
        </Group>
        <Counts binding={binding} />
      </Group>
      <Wide label={title} minWidth={640}>
        <Table layout="fixed" verticalSpacing={6} withRowBorders={false} aria-label={title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={44}><VisuallyHidden>{columns.details}</VisuallyHidden></Table.Th>
              <Table.Th w={140}>{columns.state}</Table.Th>
              <Table.Th w="18%">{columns.placement}</Table.Th>
              <Table.Th w="16%">{columns.host}</Table.Th>
              <Table.Th>{columns.now}</Table.Th>
              <Table.Th w={90} ta="right">{columns.took}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          {binding.steps.map((step) => <StepRow key={step.id} step={step} rolloutId={model.id} answerable={answerable} />)}
        </Table>
      </Wide>
    </Panel>
  );
}
