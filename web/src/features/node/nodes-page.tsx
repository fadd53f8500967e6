'use client';

import { Button, Group, Table, Text } from '@mantine/core';
import { Check, Minus, Wifi, WifiOff } from 'lucide-react';
import type { Node } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { Empty } from '../../ui/empty.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { StateTag } from '../../ui/state-tag.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { nodeMeaning } from './node-meaning.js';
import { useNodes } from './queries.js';
import { nodeWords } from './words.js';

function Found({ there }: { there: boolean }) {
  return there ? <StateTag look={{ tone: 'good', icon: Check }} label={nodeWords.found} /> : <StateTag look={{ tone: 'warn', icon: Minus }} label={nodeWords.missing} />;
}

function NodeRow({ node }: { node: Node }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} className="breakable">{node.name}</Table.Th>
      <Table.Td>
        <Group gap={6}>
          {node.online
            ? <StateTag look={{ tone: 'good', icon: Wifi }} label={nodeWords.online} />
            : <StateTag look={{ tone: 'bad', icon: WifiOff }} label={nodeWords.offline} />}
          {!node.online && <Text size="sm">{nodeWords.since} <TimeAgo at={node.last_seen_at} /></Text>}
        </Group>
      </Table.Td>
      <Table.Td><Found there={node.facts.docker} /></Table.Td>
      <Table.Td><Found there={node.facts.systemd} /></Table.Td>
      <Table.Td>{nodeMeaning(node).map((sentence) => <Text key={sentence} size="sm">{sentence}</Text>)}</Table.Td>
      <Table.Td>{node.version}</Table.Td>
    </Table.Tr>
  );
}

function NodesTable({ nodes }: { nodes: Node[] }) {
  const { columns } = nodeWords;
  return (
    <Panel p={0}>
      <Wide label={nodeWords.title} minWidth={760}>
        <Table verticalSpacing="sm" aria-label={nodeWords.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{columns.name}</Table.Th><Table.Th>{columns.state}</Table.Th><Table.Th>{columns.docker}</Table.Th>
              <Table.Th>{columns.systemd}</Table.Th><Table.Th>{columns.means}</Table.Th><Table.Th>{columns.version}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{nodes.map((node) => <NodeRow key={node.node_id} node={node} />)}</Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}

export function NodesPage() {
  const nodes = useNodes();
  const { empty } = nodeWords;
  return (
    <>
      <PageHeader title={nodeWords.title}><Text c="dimmed" size="sm">{nodeWords.lead}</Text></PageHeader>
      <Answer of={nodes}>
        {({ items }) => (items.length === 0
          ? <Empty title={empty.title} sentence={empty.sentence} action={<Button onClick={() => void nodes.refetch()} loading={nodes.isFetching}>{empty.action}</Button>} />
          : <NodesTable nodes={items} />)}
      </Answer>
    </>
  );
}
