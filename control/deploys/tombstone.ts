import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { type Db } from '../database.js';
import { appendEvents } from '../events/index.js';
import { effectOnce } from '../idempotency/index.js';
import { forgetStates } from '../observed/index.js';
import { refuseOpenRollout } from '../rollouts/open-rollout.js';
import { lockDeploy } from './lock.js';

/** Takes the deploy out of sight and frees its name; versions, rollouts and events stay, hosts are left alone. */
export async function tombstoneDeploy(db: Db, actor: Actor, deployId: string): Promise<void> {
  await effectOnce(db, async (tx) => {
    const deploy = await lockDeploy(tx, deployId);
    await refuseOpenRollout(tx, deploy);
    await tx.deploy.update({ where: { id: deploy.id }, data: { deleted_at: new Date() } });
    await forgetStates(tx, deploy.id);
    await appendAudit(tx, { actor, action: 'deploy.delete', target: deploy.id, result: 'ok', details: { name: deploy.name } });
    await appendEvents(tx, [{ type: 'deploy.version', deploy_id: deploy.id, data: { version: deploy.latest_version, deleted: true } }]);
  });
}
