import { Anchor, Button, Table, Text, Title } from '@mantine/core';
import Link from 'next/link';
import type { NodeDetail } from '../../api/types.js';
import { Empty } from '../../ui/empty.js';
import { Panel } from '../../ui/panel.js';
import { StateTag } from '../../ui/state-tag.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { observedLooks } from '../deploy/observed-looks.js';
import { driftKindWords, observedStateWords, observedWords } from '../deploy/observed-words.js';
import { detailWords } from './detail-words.js';

const { components: words } = detailWords;
type Placed = NodeDetail['components'][number];

function Row({ placed: { deploy_id: id, deploy, component, state, since, detail, version, kinds } }: { placed: Placed }) {
  return (
    <Table.Tr>
      <Table.Td className="breakable"><Anchor component={Link} href={`/deploys/${id}`}>{deploy}</Anchor></Table.Td>
      <Table.Th scope="row" fw={600} className="breakable">{component}</Table.Th>
      <Table.Td>
        <StateTag look={observedLooks[state]} label={observedStateWords[state]} />
        {since && <Text size="sm" c="dimmed">{observedWords.since} <TimeAgo at={since} /></Text>}
        {detail !== '' && <Text size="sm" className="breakable">{detail}</Text>}
      </Table.Td>
      <Table.Td>{version}</Table.Td>
      <Table.Td>{kinds.length === 0 ? <Text size="sm" c="dimmed">{words.noDrift}</Text> : kinds.map((kind) => <Text key={kind} size="sm">{driftKindWords[kind]}</Text>)}</Table.Td>
    </Table.Tr>
  );
}

/** Everything on the host, whichever deploy it is of. */
export function NodeComponents({ components }: { components: Placed[] }) {
  if (components.length === 0) return <Empty title={words.title} sentence={words.none} action={<Button component={Link} href="/deploys/new">{words.newDeploy}</Button>} />;
  return (
    <section>
      <Title order={2} size="h4">{words.title}</Title>
      <Text size="sm" c="dimmed" mb="xs">{words.lead}</Text>
      <Panel p={0}>
        <Wide label={words.title} minWidth={640}>
          <Table verticalSpacing="xs" aria-label={words.title}>
            <Table.Thead><Table.Tr>{Object.values(words.columns).map((column) => <Table.Th key={column}>{column}</Table.Th>)}</Table.Tr></Table.Thead>
            <Table.Tbody>{components.map((placed) => <Row key={`${placed.deploy_id}/${placed.component}`} placed={placed} />)}</Table.Tbody>
          </Table>
        </Wide>
      </Panel>
    </section>
  );
}
