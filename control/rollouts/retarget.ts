/** Giving a paused rollout another version for what is not done yet. */
import { documentGraph } from '../../spec/graph.js';
import { stepId, type RolloutGraph } from '../../spec/graph-types.js';
import type { Scope } from '../access/index.js';
import { occupy, type DeployClaims } from '../claims/index.js';
import { inTransaction, type Db, type Tx } from '../database.js';
import { lockDeploy } from '../deploys/lock.js';
import { storedDocument } from '../documents/stored-document.js';
import { appendEvents } from '../events/index.js';
import { pinSecrets, type SecretPins } from '../secrets/pins.js';
import { lockRollout } from './lock-rollout.js';
import { rolloutEvent } from './open-rollout.js';

export type Retargeted = { version: number; graph: RolloutGraph } | { refused: string };

/** What the version takes on its hosts is taken before the workflow is asked; harmless when it then refuses. */
export async function prepareRetarget(db: Db, { deployId, version, claims, secrets, scope }: { deployId: string; version: number; claims: DeployClaims; secrets: SecretPins; scope?: Scope | undefined }): Promise<void> {
  await inTransaction(db, async (tx) => {
    await lockDeploy(tx, deployId);
    const { yaml } = await tx.version.findUniqueOrThrow({ where: { deploy_id_number: { deploy_id: deployId, number: version } }, select: { yaml: true } });
    await pinSecrets(tx, deployId, version, secrets);
    await occupy(tx, { deployId, version, yaml, claims, scope });
  });
}

/** Repeating it answers the same. Steps that the version does not have are skipped, and say so. */
export async function retargetRollout(db: Db, rolloutId: string, version: number, actor: string): Promise<Retargeted> {
  return inTransaction(db, async (tx) => {
    const rollout = await lockRollout(tx, rolloutId);
    const { deploy_id: deployId } = rollout;
    const content = await tx.version.findUnique({ where: { deploy_id_number: { deploy_id: deployId, number: version } }, select: { yaml: true, component: true } });
    if (content === null) return { refused: `there is no version ${version}` };
    const graph = documentGraph(storedDocument(content.yaml, `${deployId}/v${version}`));
    if (rollout.version === version) return { version, graph };
    if (rollout.state !== 'paused') return { refused: `the rollout is ${rollout.state}; it takes another version only while it is paused` };
    if (rollout.rollback_of !== null) return { refused: 'a rollout that takes another one back keeps its version' };
    const before = await tx.version.findUniqueOrThrow({ where: { deploy_id_number: { deploy_id: deployId, number: rollout.version } }, select: { component: true } });
    if (rollout.kind === 'rollback' && (before.component ?? content.component) !== null) return { refused: 'a rollback of one component walks that one alone, and keeps its version; abort it, and apply the other version' };
    await tx.rollout.update({ where: { id: rolloutId }, data: { version } });
    await tx.deploy.update({ where: { id: deployId }, data: { current_version: version } });
    await replaceSteps(tx, rolloutId, graph, version);
    await appendEvents(tx, [rolloutEvent({ ...rollout, version }, 'paused', `${actor} gave it v${version}, after v${rollout.version}`)]);
    return { version, graph };
  });
}

async function replaceSteps(tx: Tx, rolloutId: string, graph: RolloutGraph, version: number): Promise<void> {
  const rows = graph.steps.map(({ host, component, binding }, position) => ({ rollout_id: rolloutId, host, component, binding, position, phases: [] }));
  await tx.step.createMany({ data: rows, skipDuplicates: true });
  const places = JSON.stringify(graph.steps.map(({ id, binding }, position) => ({ id, binding, position })));
  await tx.$executeRaw`
    UPDATE steps SET position = p.position, binding = p.binding FROM jsonb_to_recordset(${places}::jsonb) AS p(id text, binding int, position int)
    WHERE steps.rollout_id = ${rolloutId} AND steps.host || '/' || steps.component = p.id`;
  const known = graph.steps.map(({ host, component }) => stepId(host, component));
  await tx.$executeRaw`
    UPDATE steps SET state = 'skipped', reason = ${`v${version} does not have it`}, blocked_by = '{}', ended_at = now(), updated_at = now(), position = position + ${graph.steps.length}
    WHERE rollout_id = ${rolloutId} AND NOT host || '/' || component = ANY(${known}::text[])`;
}
