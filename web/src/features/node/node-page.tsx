'use client';

import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { useRouter } from 'next/navigation';
import type { NodeDetail } from '../../api/types.js';
import { Answer } from '../../ui/answer.js';
import { PageHeader } from '../../ui/page-header.js';
import { GuardedButton } from '../session/guarded-button.js';
import { detailWords as words } from './detail-words.js';
import { RevokeNodeButton } from './node-acts.js';
import { NodeComponents } from './node-components.js';
import { NodeFacts } from './node-facts.js';
import { nodeMeaning } from './node-meaning.js';
import { NodePolicy } from './node-policy.js';
import { NodeTag } from './node-tags.js';
import { useNode } from './queries.js';
import { nodeWords } from './words.js';
import styles from './node-page.module.css';

function NodeView({ node }: { node: NodeDetail }) {
  const router = useRouter();
  return (
    <>
      <PageHeader
        title={node.name} windowTitle={`${node.name} · ${words.heading}`} trail={[{ href: '/nodes', label: nodeWords.title }]}
        beside={(
          <Group gap="sm">
            <GuardedButton right="node.revoke" variant="default" onClick={() => router.push(`/nodes?enroll=new&host=${encodeURIComponent(node.name)}&replace=1`)}>{words.replace}</GuardedButton>
            <RevokeNodeButton node={node} onRevoked={() => router.replace('/nodes')} />
          </Group>
        )}
      >
        <div className={styles.state}>
          <NodeTag node={node} />
          <Text role="status">{nodeMeaning(node).join(' ')}</Text>
        </div>
      </PageHeader>
      <Stack gap="lg">
        <NodeFacts node={node} />
        <NodeComponents components={node.components} />
        <NodePolicy node={node} />
      </Stack>
    </>
  );
}

const skeleton = <Stack gap="md"><Skeleton height={36} width="30%" /><Skeleton height={24} width="50%" /><Skeleton height={160} /><Skeleton height={220} /></Stack>;

export function NodePage({ nodeId }: { nodeId: string }) {
  return <Answer of={useNode(nodeId)} skeleton={skeleton}>{(node) => <NodeView node={node} />}</Answer>;
}
