import { Group, Stack, Text, Title } from '@mantine/core';
import { Plug, Unplug } from 'lucide-react';
import type { Plan, PlanHost } from '../../api/types.js';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { StateTag } from '../../ui/state-tag.js';
import { PlacementDiff } from './placement-diff.js';
import { summarySentence, unreachableHosts } from './plan-summary.js';
import { diffWords } from './words.js';

function HostDiff({ host }: { host: PlanHost }) {
  return (
    <Panel p="sm">
      <Group gap="sm" mb={4}>
        <Title order={3} size="h5">{host.host}</Title>
        {host.reachable
          ? <StateTag look={{ tone: 'idle', icon: Plug }} label={diffWords.reachable} />
          : <StateTag look={{ tone: 'bad', icon: Unplug }} label={diffWords.notReachable} />}
        {!host.reachable && host.detail && <Text size="sm" className="breakable">{host.detail}</Text>}
      </Group>
      {host.components.map((plan) => <PlacementDiff key={plan.component} plan={plan} open={plan.action === 'conflict'} />)}
      {host.reachable && host.components.length === 0 && <Text size="sm" c="dimmed">{diffWords.noComponents}</Text>}
    </Panel>
  );
}

/** The counts first, then what could not be asked, then every host. */
export function DiffView({ plan }: { plan: Plan }) {
  const missing = unreachableHosts(plan);
  return (
    <Stack gap="sm">
      <Text fw={600} role="status">{summarySentence(plan)}</Text>
      {missing.length > 0 && <Note tone="warn" title={diffWords.unreachable(missing)}><Text size="sm">{diffWords.unreachableMeans}</Text></Note>}
      {plan.summary.conflict > 0 && <Note tone="bad" title={diffWords.conflict} />}
      {plan.hosts.map((host) => <HostDiff key={host.host} host={host} />)}
    </Stack>
  );
}
