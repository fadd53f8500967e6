'use client';

import { PageHeader } from '../../ui/page-header.js';
import { RolloutPanel } from './rollout-panel.js';
import { useRollout } from './use-rollout.js';
import { rolloutStateWords, rolloutWords } from './words.js';

export function RolloutPage({ rolloutId }: { rolloutId: string }) {
  const feed = useRollout(rolloutId);
  const { model } = feed;
  const title = model ? rolloutWords.title(model.deployName, model.version) : rolloutWords.heading;
  const trail = [{ href: '/deploys', label: rolloutWords.deploys }, ...(model ? [{ href: `/deploys/${model.deployId}`, label: model.deployName }] : [])];
  return (
    <>
      <PageHeader title={title} windowTitle={model ? `${rolloutStateWords[model.state]}: ${title}` : title} trail={trail} />
      <RolloutPanel feed={feed} />
    </>
  );
}
