/** A teardown is a rollout of its own: it takes the deploy's turn, is seen like any other, and its end deletes the deploy. */
import type { Actor } from '../actor.js';
import { spendDeployHosts } from '../access/index.js';
import { appendAudit } from '../audit/index.js';
import { isUniqueViolation, type Db, type Tx } from '../database.js';
import { lockDeploy } from '../deploys/lock.js';
import { appendEvents } from '../events/index.js';
import { effectOnce } from '../idempotency/index.js';
import { newId } from '../ids.js';
import { refuseOpenRollout, rolloutEvent } from '../rollouts/open-rollout.js';

/** Null: no rollout of it ever began, so that there is nothing to remove. Throws conflict while another one is open. */
export async function openTeardown(db: Db, actor: Actor, { deployId, volumes }: { deployId: string; volumes: boolean }): Promise<{ rollout_id: string; version: number } | null> {
  try {
    return await effectOnce(db, (tx) => open(tx, actor, deployId, volumes));
  } catch (error) {
    if (isUniqueViolation(error)) await refuseOpenRollout(db, { id: deployId, name: deployId });
    throw error;
  }
}

async function open(tx: Tx, actor: Actor, deployId: string, volumes: boolean): Promise<{ rollout_id: string; version: number } | null> {
  const deploy = await lockDeploy(tx, deployId);
  await refuseOpenRollout(tx, deploy);
  const last = await tx.rollout.findFirst({ where: { deploy_id: deployId }, orderBy: { created_at: 'desc' }, select: { version: true } });
  if (last === null) return null;
  await spendDeployHosts(tx, actor, deployId);
  const version = deploy.active_version ?? last.version;
  const rollout = { id: newId('rollout'), deploy_id: deployId, version, kind: 'teardown' as const };
  await tx.rollout.create({ data: { ...rollout, prune: true, prune_volumes: volumes, started_by: actor.name, started_by_id: actor.id } });
  await tx.deploy.update({ where: { id: deployId }, data: { current_version: version } });
  await appendAudit(tx, { actor, action: 'deploy.teardown', target: deployId, result: 'ok', details: { rollout_id: rollout.id, volumes } });
  await appendEvents(tx, [rolloutEvent(rollout, 'pending', '')]);
  return { rollout_id: rollout.id, version };
}
