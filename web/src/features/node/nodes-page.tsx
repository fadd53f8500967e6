'use client';

import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import { Suspense } from 'react';
import type { Node } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { Empty } from '../../ui/empty.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { GuardedButton } from '../session/guarded-button.js';
import { EnrollDrawer, useEnrollPlace } from './enroll-drawer.js';
import { enrollWords } from './enroll-words.js';
import { RevokeNodeButton } from './node-acts.js';
import { nodeMeaning } from './node-meaning.js';
import { Found, NodeTag } from './node-tags.js';
import { OpenEnrollments } from './open-enrollments.js';
import { useNodes } from './queries.js';
import { nodeWords } from './words.js';

function NodeRow({ node }: { node: Node }) {
  const unheard = node.last_seen_at === null;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} miw={130} className="breakable"><Anchor component={Link} href={`/nodes/${node.node_id}`} fw={600}>{node.name}</Anchor></Table.Th>
      <Table.Td>
        <Group gap={6}>
          <NodeTag node={node} />
          {!node.online && !unheard && <Text size="sm">{nodeWords.since} <TimeAgo at={node.last_seen_at} /></Text>}
        </Group>
      </Table.Td>
      <Table.Td>{!unheard && <Found there={node.facts.docker} />}</Table.Td>
      <Table.Td>{!unheard && <Found there={node.facts.systemd} />}</Table.Td>
      <Table.Td>{nodeMeaning(node).map((sentence) => <Text key={sentence} size="sm">{sentence}</Text>)}</Table.Td>
      <Table.Td>{node.version}</Table.Td>
      <Table.Td><RevokeNodeButton node={node} compact /></Table.Td>
    </Table.Tr>
  );
}

function NodesTable({ nodes }: { nodes: Node[] }) {
  const { columns } = nodeWords;
  return (
    <Panel p={0}>
      <Wide label={nodeWords.title} minWidth={900}>
        <Table verticalSpacing="sm" aria-label={nodeWords.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{columns.name}</Table.Th><Table.Th>{columns.state}</Table.Th><Table.Th>{columns.docker}</Table.Th>
              <Table.Th>{columns.systemd}</Table.Th><Table.Th>{columns.means}</Table.Th><Table.Th>{columns.version}</Table.Th><Table.Th>{columns.acts}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{nodes.map((node) => <NodeRow key={node.node_id} node={node} />)}</Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}

const EnrollButton = ({ onClick }: { onClick: () => void }) =>
  <GuardedButton right="node.enroll" leftSection={<Plus size={16} aria-hidden />} onClick={onClick}>{enrollWords.open}</GuardedButton>;

function NodesView() {
  const nodes = useNodes();
  const place = useEnrollPlace();
  const { empty } = nodeWords;
  const some = (nodes.data?.items.length ?? 0) > 0;
  return (
    <>
      <PageHeader title={nodeWords.title} beside={some ? <EnrollButton onClick={place.open} /> : undefined}><Text c="dimmed" size="sm">{nodeWords.lead}</Text></PageHeader>
      <Stack gap="lg">
        <Answer of={nodes}>
          {({ items }) => (items.length === 0
            ? (
              <Empty title={empty.title} sentence={empty.sentence} action={<><EnrollButton onClick={place.open} /><Button variant="default" onClick={() => void nodes.refetch()} loading={nodes.isFetching}>{empty.action}</Button></>} />
            )
            : <NodesTable nodes={items} />)}
        </Answer>
        {nodes.hasNextPage && <div><Button variant="default" loading={nodes.isFetchingNextPage} onClick={() => void nodes.fetchNextPage()}>{nodeWords.more}</Button></div>}
        <OpenEnrollments onWatch={place.watch} />
      </Stack>
      <EnrollDrawer />
    </>
  );
}

export function NodesPage() {
  return <Suspense><NodesView /></Suspense>;
}
