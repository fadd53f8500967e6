import { Table, Text } from '@mantine/core';
import { Elapsed } from './clock.js';
import type { StepModel } from './model/step-model.js';
import { StepTag } from './state-tags.js';
import { attemptWords as words } from './view-words.js';

/** How often it was tried, and what came of each try. */
export function StepAttempts({ step }: { step: StepModel }) {
  if (step.attempts.length < 2) return null;
  return (
    <section>
      <Text size="sm" fw={600}>{words.title}</Text>
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={6} fz="sm" aria-label={words.title}>
        <Table.Thead><Table.Tr><Table.Th>{words.columns.attempt}</Table.Th><Table.Th>{words.columns.state}</Table.Th><Table.Th>{words.columns.took}</Table.Th><Table.Th>{words.columns.why}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {step.attempts.map(({ attempt, state, startedAt, endedAt, failure, reason }) => (
            <Table.Tr key={attempt}>
              <Table.Th scope="row" fw={400}>{attempt}</Table.Th>
              <Table.Td><StepTag state={state} /></Table.Td>
              <Table.Td>{startedAt !== null && (endedAt !== null || state === 'running') ? <Elapsed from={startedAt} to={endedAt} /> : '–'}</Table.Td>
              <Table.Td className="breakable">{failure?.message ?? reason ?? ''}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
