import { Table, Text } from '@mantine/core';
import { Panel } from '../../ui/panel.js';
import { Wide } from '../../ui/wide.js';
import { StepTag } from '../rollout/state-tags.js';
import type { StepModel } from '../rollout/model/step-model.js';
import { overviewWords } from './words.js';

const distinct = (values: string[]): string[] => [...new Set(values)];

/** Components down, hosts across. */
export function PlacementMatrix({ steps }: { steps: StepModel[] }) {
  const hosts = distinct(steps.map(({ host }) => host));
  const components = distinct(steps.map(({ component }) => component));
  const at = new Map(steps.map((step) => [step.id, step]));
  return (
    <Panel p={0}>
      <Wide label={overviewWords.title} minWidth={Math.max(360, 160 * (hosts.length + 1))}>
        <Table verticalSpacing="xs" aria-label={overviewWords.title}>
          <Table.Thead>
            <Table.Tr><Table.Th>{overviewWords.component}</Table.Th>{hosts.map((host) => <Table.Th key={host} className="breakable">{host}</Table.Th>)}</Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {components.map((component) => (
              <Table.Tr key={component}>
                <Table.Th scope="row" fw={600} className="breakable">{component}</Table.Th>
                {hosts.map((host) => {
                  const step = at.get(`${host}/${component}`);
                  return <Table.Td key={host}>{step ? <StepTag state={step.state} /> : <Text size="sm" c="dimmed">{overviewWords.none}</Text>}</Table.Td>;
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}
