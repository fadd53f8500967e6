import { Table, Text } from '@mantine/core';
import { formatDuration } from '../../ui/format.js';
import { Fixed } from '../../ui/time.js';
import type { StepModel } from './model/step-model.js';
import { testWords } from './test-words.js';

/** How each test of the component ended; one that failed and does not block is told as such. */
export function StepTests({ step }: { step: StepModel }) {
  if (step.tests.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>{testWords.tests}</Text>
      <Table withRowBorders={false} verticalSpacing={2} fz="sm" w="auto">
        <Table.Thead><Table.Tr><Table.Th>{testWords.test}</Table.Th><Table.Th>{testWords.when}</Table.Th><Table.Th>{testWords.result}</Table.Th><Table.Th>{testWords.duration}</Table.Th><Table.Th>{testWords.remark}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {step.tests.map((test) => (
            <Table.Tr key={test.name}>
              <Table.Th scope="row" fw={400} className="breakable">{test.name}</Table.Th>
              <Table.Td>{testWords.stages[test.when]}</Table.Td>
              <Table.Td>{testWords.ended(test)}</Table.Td>
              <Table.Td>{test.state === 'skipped' ? '–' : <Fixed>{formatDuration(test.duration_ms)}</Fixed>}</Table.Td>
              <Table.Td className="breakable">{test.detail}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
