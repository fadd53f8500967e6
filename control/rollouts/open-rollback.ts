/** Taking a rollout back: it ends as failed, and the one that brings back the active version is opened, in one transaction. */
import { documentGraph } from '../../spec/graph.js';
import type { RollbackGraph } from '../../spec/rollback-graph.js';
import { rollbackGraph } from '../../spec/rollback-graph.js';
import { stepId } from '../../spec/graph-types.js';
import { isOpenRollout, type RolloutKind, type StepState } from '../../spec/words.js';
import { systemActor, type Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, type Db, type Reader, type Tx } from '../database.js';
import { lockDeploy } from '../deploys/lock.js';
import { loadBundle } from '../deploys/load-bundle.js';
import { entriesOfVersion, insertVersion, versionEvent } from '../deploys/submit.js';
import { storedDocument } from '../documents/stored-document.js';
import { appendEvents } from '../events/index.js';
import { newId } from '../ids.js';
import { storableObject } from '../json.js';
import { lockRollout } from './lock-rollout.js';
import { rolloutEvent } from './open-rollout.js';

/** Who or what asked for it. `trigger`: the failed step whose `on_failure` says so; `reason`: what had failed. */
export interface RollbackCause { trigger: string | null; asked_by: string | null; reason: string }
/** As it is kept and shown with the rollout that takes another one back. */
export interface RecordedCause extends RollbackCause {
  from_version: number;
  to_version: number;
  /** Steps that were changed and stay: their component has `rollback: false`, or the version that comes back does not have them. */
  kept: string[];
  missing: string[];
}
export type OpenedRollback = { rollout_id: string; version: number } | { refused: string };

const mayHaveChanged: readonly StepState[] = ['running', 'succeeded', 'failed', 'aborted'];

export async function openRollback(db: Db, rolloutId: string, cause: RollbackCause): Promise<OpenedRollback> {
  return inTransaction(db, async (tx) => {
    const rollout = await lockRollout(tx, rolloutId);
    const before = await tx.rollout.findUnique({ where: { rollback_of: rolloutId }, select: { id: true, version: true } });
    if (before !== null) return { rollout_id: before.id, version: before.version };
    if (rollout.kind === 'teardown') return { refused: 'what a teardown has removed is not kept anywhere' };
    if (!isOpenRollout(rollout.state)) return { refused: `it has ended (${rollout.state})` };
    const deploy = await lockDeploy(tx, rollout.deploy_id);
    if (deploy.active_version === null) return { refused: 'no version of this deploy has succeeded yet, so there is none to go back to' };
    if (deploy.active_version === rollout.version) return { refused: `v${rollout.version} itself is the version that succeeded last` };
    return open(tx, rollout, { ...deploy, active_version: deploy.active_version }, cause);
  });
}

interface Failed { id: string; deploy_id: string; version: number; kind: RolloutKind }

async function open(tx: Tx, failed: Failed, deploy: { latest_version: number; active_version: number }, cause: RollbackCause): Promise<OpenedRollback> {
  const { deploy_id: deployId, version: from } = failed;
  const parent = deploy.active_version;
  const version = deploy.latest_version + 1;
  const actor: Actor = cause.asked_by === null ? systemActor : { ...systemActor, name: cause.asked_by };
  const { kept, missing } = await scopeOf(tx, { deployId, target: parent, failed });
  const recorded: RecordedCause = { ...cause, from_version: from, to_version: parent, kept, missing };
  const rollout = { id: newId('rollout'), deploy_id: deployId, version, kind: 'rollback' as const };
  const reason = `${cause.reason === '' ? '' : `${cause.reason}; `}v${parent} comes back as v${version} by ${rollout.id}`;
  await tx.rollout.update({ where: { id: failed.id }, data: { state: 'failed', reason, ended_at: new Date() } });
  await insertVersion(tx, { deploy_id: deployId, number: version, kind: 'rollback', parent, yaml: await yamlOf(tx, deployId, parent) }, await entriesOfVersion(tx, deployId, parent), actor);
  await tx.rollout.create({ data: { ...rollout, started_by: actor.name, started_by_id: actor.id, rollback_of: failed.id, cause: storableObject(recorded) } });
  await tx.deploy.update({ where: { id: deployId }, data: { current_version: version, latest_version: version } });
  await keepWhatItHad(tx, deployId, parent, version);
  await appendAudit(tx, { actor, action: 'rollout.rollback', target: rollout.id, result: 'ok', details: { deploy_id: deployId, version, parent, rollback_of: failed.id, trigger: cause.trigger } });
  await appendEvents(tx, [rolloutEvent(failed, 'failed', reason), versionEvent(deployId, version, 'rollback', parent, actor), rolloutEvent(rollout, 'pending', '')]);
  return { rollout_id: rollout.id, version };
}

/** Its secrets and its claims are those of the version it brings back. */
async function keepWhatItHad(tx: Tx, deployId: string, parent: number, version: number): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO version_secrets (deploy_id, version, secrets, components)
    SELECT deploy_id, ${version}, secrets, components FROM version_secrets WHERE deploy_id = ${deployId} AND version = ${parent} ON CONFLICT DO NOTHING`;
  await tx.$executeRaw`
    INSERT INTO version_claims (deploy_id, version, hosts, digest, claims)
    SELECT deploy_id, ${version}, hosts, digest, claims FROM version_claims WHERE deploy_id = ${deployId} AND version = ${parent} ON CONFLICT DO NOTHING`;
}

async function yamlOf(tx: Reader, deployId: string, number: number): Promise<string> {
  return (await loadBundle(tx, deployId, number)).yaml;
}

/** The same every time: what a rollout changed does not change any more once it has ended. */
export async function scopeOf(db: Reader, { deployId, target, failed }: { deployId: string; target: number; failed: Pick<Failed, 'id' | 'version'> }): Promise<RollbackGraph> {
  const steps = await db.step.findMany({ where: { rollout_id: failed.id, state: { in: [...mayHaveChanged, 'rolled_back'] } }, select: { host: true, component: true } });
  const [back, gone] = await Promise.all([target, failed.version].map(async (number) => storedDocument(await yamlOf(db, deployId, number), `${deployId}/v${number}`)));
  const optedOut = [back, gone].flatMap((document) => Object.entries(document?.components ?? {}).flatMap(([id, { rollback }]) => (rollback ? [] : [id])));
  const changed = new Set(steps.map(({ host, component }) => stepId(host, component)));
  return back === undefined ? { graph: { steps: [] }, kept: [], missing: [...changed] } : rollbackGraph(documentGraph(back), { changed, keeps: new Set(optedOut) });
}
