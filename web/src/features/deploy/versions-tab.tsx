'use client';

import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { Undo2 } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import type { Deploy, VersionBrief } from '../../api/types.js';
import { Panel } from '../../ui/panel.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { RolloutTag } from '../rollout/state-tags.js';
import { GuardedButton } from '../session/guarded-button.js';
import { RollbackDialog } from './rollback-dialog.js';
import { VersionDialog } from './version-dialog.js';
import { versionKinds, versionsWords as words, deploysWords } from './words.js';

function Rollouts({ version }: { version: VersionBrief }) {
  if (version.rollouts.length === 0) return <Text size="sm" c="dimmed">{words.noRollouts}</Text>;
  return (
    <Stack gap={4}>
      {version.rollouts.map((rollout) => (
        <Anchor key={rollout.rollout_id} component={Link} href={`/rollouts/${rollout.rollout_id}`} underline="hover">
          <Group gap={8} component="span"><RolloutTag state={rollout.state} />{rollout.started_at && <Text span size="sm"><TimeAgo at={rollout.ended_at ?? rollout.started_at} /></Text>}</Group>
        </Anchor>
      ))}
    </Stack>
  );
}

interface VersionRowProps { deploy: Deploy; version: VersionBrief; onView: (number: number) => void; onRollBack: (number: number) => void }

function VersionRow({ deploy, version, onView, onRollBack }: VersionRowProps) {
  const { number } = version;
  const marks = [number === deploy.active_version ? words.active : null, number === deploy.latest_version ? words.latest : null].filter((mark) => mark !== null);
  const applied = version.rollouts.length > 0;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600}>{deploysWords.version(number)}{marks.length > 0 && <Text size="sm" c="dimmed">{marks.join(', ')}</Text>}</Table.Th>
      <Table.Td>{versionKinds[version.kind](version)}</Table.Td>
      <Table.Td className="breakable">{version.submitted_by}</Table.Td>
      <Table.Td><TimeAgo at={version.created_at} /></Table.Td>
      <Table.Td><Rollouts version={version} /></Table.Td>
      <Table.Td>
        <Group gap={6}>
          <Button size="compact-sm" variant="default" aria-label={words.viewOf(number)} onClick={() => onView(number)}>{words.view}</Button>
          <Button size="compact-sm" variant="default" component={Link} href={`/deploys/${deploy.deploy_id}?tab=diff&version=${number}`} aria-label={words.diffOf(number)}>{words.diff}</Button>
          {applied && number !== deploy.active_version && (
            <GuardedButton right="deploy.rollback" size="compact-sm" variant="default" leftSection={<Undo2 size={14} aria-hidden />} aria-label={words.rollBackTo(number)} onClick={() => onRollBack(number)}>{words.rollBack}</GuardedButton>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

export function VersionsTab({ deploy }: { deploy: Deploy }) {
  const [viewed, setViewed] = useState<number | null>(null);
  const [target, setTarget] = useState<number | null>(null);
  const { columns } = words;
  return (
    <Panel p={0}>
      <Wide label={columns.number} minWidth={820}>
        <Table verticalSpacing="sm" aria-label={columns.number}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{columns.number}</Table.Th><Table.Th>{columns.kind}</Table.Th><Table.Th>{columns.by}</Table.Th>
              <Table.Th>{columns.when}</Table.Th><Table.Th>{columns.rollouts}</Table.Th><Table.Th>{columns.act}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{deploy.versions.map((version) => <VersionRow key={version.number} deploy={deploy} version={version} onView={setViewed} onRollBack={setTarget} />)}</Table.Tbody>
        </Table>
      </Wide>
      <VersionDialog deployId={deploy.deploy_id} number={viewed} onClose={() => setViewed(null)} />
      <RollbackDialog deploy={deploy} version={target} onClose={() => setTarget(null)} />
    </Panel>
  );
}
