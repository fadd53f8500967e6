'use client';

import { Anchor, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import type { Deploy } from '../../api/types.js';
import { Note } from '../../ui/note.js';
import { RolloutPanel } from '../rollout/rollout-panel.js';
import { useRollout } from '../rollout/use-rollout.js';
import { rolloutWords } from '../rollout/words.js';
import { ObservedPanel } from './observed-panel.js';
import { PlacementMatrix } from './placement-matrix.js';
import { useDeployLive } from './use-deploy-live.js';
import { deployWords, overviewWords as words } from './words.js';

function NothingApplied({ deploy }: { deploy: Deploy }) {
  return (
    <Stack gap="md">
      <Note tone="busy" title={words.neverApplied}>
        <Text size="sm"><Anchor component={Link} href={`/deploys/${deploy.deploy_id}?tab=diff`}>{words.neverAppliedNext} {deploy.latest_version}</Anchor></Text>
      </Note>
      <div>
        <Title order={2} size="h4">{words.placementsOf}</Title>
        <Text size="sm">{deployWords.hosts}: {deploy.hosts.join(', ')}</Text>
        <Text size="sm">{deployWords.components}: {deploy.components.join(', ')}</Text>
      </div>
    </Stack>
  );
}

function LastRollout({ rolloutId, deploy }: { rolloutId: string; deploy: Deploy }) {
  useDeployLive(deploy.deploy_id);
  const feed = useRollout(rolloutId);
  const { model } = feed;
  const link = <Anchor component={Link} href={`/rollouts/${rolloutId}`} size="sm">{rolloutWords.fullPage}</Anchor>;
  const matrix = model && (
    <section>
      <Title order={2} size="h4">{words.title}</Title>
      <Text size="sm" c="dimmed" mb="xs">{words.lead}</Text>
      <PlacementMatrix steps={model.steps} />
    </section>
  );
  const panel = (
    <section>
      <Title order={2} size="h4" mb="xs">{model?.open ? words.openRollout : words.lastRollout}</Title>
      <RolloutPanel feed={feed} link={link} level={3} />
    </section>
  );
  const observed = <ObservedPanel placements={deploy.placements} />;
  return <Stack gap="lg">{model?.open ? <>{panel}{observed}{matrix}</> : <>{observed}{matrix}{panel}</>}</Stack>;
}

/** Where everything stands: the rollout going on first, else what runs now. */
export function OverviewTab({ deploy }: { deploy: Deploy }) {
  return deploy.last_rollout ? <LastRollout key={deploy.last_rollout.rollout_id} rolloutId={deploy.last_rollout.rollout_id} deploy={deploy} /> : <NothingApplied deploy={deploy} />;
}
