/** Where a deploy stands, in plain sentences; pure. */
import { placementsNotWell } from '../../../../spec/not-well.js';
import type { DeployBrief } from '../../api/types.js';
import { deploySentences as says } from './words.js';

function stateSentence(deploy: DeployBrief, hosts: number | null): string {
  const { state, active_version: active, latest_version: latest, last_rollout: last } = deploy;
  const version = last?.version ?? latest;
  switch (state) {
    case 'never_applied': return says.neverApplied(latest);
    case 'in_sync': return hosts === null ? says.inSyncShort(active ?? latest) : says.inSync(active ?? latest, hosts);
    case 'drifted': return says.drifted(active ?? latest, placementsNotWell(deploy));
    case 'rolling_out': return says.rollingOut(version);
    case 'paused': return says.paused(version);
    case 'failed': return says.failed(version);
  }
}

/** `hosts`: how many, where that is known. */
export function deploySentence(deploy: DeployBrief, hosts: number | null): string {
  const { state, active_version: active, latest_version: latest, last_rollout: last } = deploy;
  const sentences = [stateSentence(deploy, hosts)];
  if (state === 'failed') sentences.push(active === null ? says.noneActive : says.stillActive(active));
  const spoken = Math.max(active ?? 0, last?.version ?? 0);
  if (state !== 'never_applied' && latest > spoken) sentences.push(says.newer(latest));
  return sentences.join(' ');
}
