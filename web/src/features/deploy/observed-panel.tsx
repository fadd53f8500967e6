import { Code, Stack, Table, Text, Title } from '@mantine/core';
import type { PlacementState } from '../../api/types.js';
import { Panel } from '../../ui/panel.js';
import { StateTag } from '../../ui/state-tag.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { observedLooks } from './observed-looks.js';
import { driftSentence, observedStateWords, observedWords as words } from './observed-words.js';

function Drift({ placement }: { placement: PlacementState }) {
  if (placement.fields.length === 0) return <Text size="sm" c="dimmed">{words.noDrift}</Text>;
  return (
    <Stack gap={2}>
      {placement.fields.map((field) => <Text key={field.field} size="sm" className="breakable"><Code>{field.field}</Code> {driftSentence(field)}</Text>)}
    </Stack>
  );
}

function Row({ placement }: { placement: PlacementState }) {
  const { component, host, state, since, detail } = placement;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} className="breakable">{component}</Table.Th>
      <Table.Td className="breakable">{host}</Table.Td>
      <Table.Td>
        <StateTag look={observedLooks[state]} label={observedStateWords[state]} />
        {since && <Text size="sm" c="dimmed">{words.since} <TimeAgo at={since} /></Text>}
        {detail !== '' && <Text size="sm" className="breakable">{detail}</Text>}
      </Table.Td>
      <Table.Td><Drift placement={placement} /></Table.Td>
    </Table.Tr>
  );
}

/** What every placement is in now by its host's own account, and where it left what was applied. */
export function ObservedPanel({ placements }: { placements: PlacementState[] }) {
  if (placements.length === 0) return null;
  const { columns } = words;
  return (
    <section>
      <Title order={2} size="h4">{words.title}</Title>
      <Text size="sm" c="dimmed" mb="xs">{words.lead}</Text>
      <Panel p={0}>
        <Wide label={words.title} minWidth={640}>
          <Table verticalSpacing="xs" aria-label={words.title}>
            <Table.Thead><Table.Tr><Table.Th>{columns.component}</Table.Th><Table.Th>{columns.host}</Table.Th><Table.Th>{columns.state}</Table.Th><Table.Th>{columns.drift}</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{placements.map((placement) => <Row key={`${placement.host}/${placement.component}`} placement={placement} />)}</Table.Tbody>
          </Table>
        </Wide>
      </Panel>
    </section>
  );
}
