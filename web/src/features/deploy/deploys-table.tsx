import { Anchor, Group, Stack, Table, Text } from '@mantine/core';
import Link from 'next/link';
import type { DeployBrief, RolloutBrief } from '../../api/types.js';
import { Panel } from '../../ui/panel.js';
import { TimeAgo } from '../../ui/time.js';
import { Wide } from '../../ui/wide.js';
import { RolloutTag } from '../rollout/state-tags.js';
import { deploySentence } from './deploy-sentence.js';
import { DeployTag } from './state-tag.js';
import { deploysWords } from './words.js';

function LastRollout({ rollout }: { rollout: RolloutBrief | null }) {
  if (!rollout) return <Text size="sm" c="dimmed">{deploysWords.never}</Text>;
  return (
    <Group gap={8}>
      <RolloutTag state={rollout.state} />
      <Anchor component={Link} href={`/rollouts/${rollout.rollout_id}`} size="sm">{deploysWords.lastRollout(rollout)}</Anchor>
      {rollout.started_at && <Text size="sm" c="dimmed" component="span"><TimeAgo at={rollout.ended_at ?? rollout.started_at} /></Text>}
    </Group>
  );
}

function DeployRow({ deploy }: { deploy: DeployBrief }) {
  const { version, noVersion } = deploysWords;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600} className="breakable"><Anchor component={Link} href={`/deploys/${deploy.deploy_id}`} fw={600}>{deploy.name}</Anchor></Table.Th>
      <Table.Td>
        <Stack gap={2} align="flex-start">
          <DeployTag state={deploy.state} />
          <Text size="sm">{deploySentence(deploy, null)}</Text>
        </Stack>
      </Table.Td>
      <Table.Td>{deploy.active_version === null ? <Text size="sm" c="dimmed">{noVersion}</Text> : version(deploy.active_version)}</Table.Td>
      <Table.Td>{version(deploy.latest_version)}</Table.Td>
      <Table.Td><LastRollout rollout={deploy.last_rollout} /></Table.Td>
      <Table.Td><TimeAgo at={deploy.updated_at} /></Table.Td>
    </Table.Tr>
  );
}

export function DeploysTable({ deploys }: { deploys: DeployBrief[] }) {
  const { columns } = deploysWords;
  return (
    <Panel p={0}>
      <Wide label={deploysWords.title} minWidth={820}>
        <Table verticalSpacing="sm" highlightOnHover aria-label={deploysWords.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{columns.name}</Table.Th><Table.Th>{columns.state}</Table.Th><Table.Th>{columns.active}</Table.Th>
              <Table.Th>{columns.latest}</Table.Th><Table.Th>{columns.last}</Table.Th><Table.Th>{columns.updated}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{deploys.map((deploy) => <DeployRow key={deploy.deploy_id} deploy={deploy} />)}</Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}
