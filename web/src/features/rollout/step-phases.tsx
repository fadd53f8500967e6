import { Table, Text } from '@mantine/core';
import { formatDuration } from '../../ui/format.js';
import { Fixed } from '../../ui/time.js';
import { Elapsed } from './clock.js';
import type { PhaseModel, StepModel } from './model/step-model.js';
import { phaseNames, rolloutWords } from './words.js';

function PhaseTime({ phase, goesOn }: { phase: PhaseModel; goesOn: boolean }) {
  if (phase.durationMs !== null) return <Fixed>{formatDuration(phase.durationMs)}</Fixed>;
  if (goesOn && phase.startedAt) return <Elapsed from={phase.startedAt} to={null} />;
  return <>–</>;
}

export function StepPhases({ step }: { step: StepModel }) {
  if (step.phases.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>{rolloutWords.phases}</Text>
      <Table withRowBorders={false} verticalSpacing={2} fz="sm" w="auto">
        <Table.Thead><Table.Tr><Table.Th>{rolloutWords.phase}</Table.Th><Table.Th>{rolloutWords.duration}</Table.Th><Table.Th>{rolloutWords.remark}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {step.phases.map((phase) => (
            <Table.Tr key={phase.phase}>
              <Table.Th scope="row" fw={400}>{phaseNames[phase.phase]}</Table.Th>
              <Table.Td><PhaseTime phase={phase} goesOn={phase === step.phase} /></Table.Td>
              <Table.Td className="breakable">{phase.detail ?? phase.said}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
