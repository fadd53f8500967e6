/** What of a deploy stays on a host, for an open run that removes the rest; and where something of it may be. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { dependenciesFirst } from '../../spec/prune.js';
import { MaestroError } from '../../spec/errors.js';
import { isOpenRollout } from '../../spec/words.js';
import type { Reader } from '../database.js';
import { readableDocument } from '../documents/stored-document.js';
import type { Renderer } from '../rendering/desired.js';

export interface RemovalAnswer { deploy_id: string; placements: DesiredPlacement[]; order: string[]; volumes: boolean }

interface Pruning { deploy_id: string; version: number; everything: boolean; volumes: boolean }

/** A host may still look up what a plan asked it about for this long. */
const planOpenMs = 5 * 60 * 1000;

/** Null unless the run is open and was told to remove things. */
async function pruningOf(db: Reader, runId: string): Promise<Pruning | null> {
  if (runId.startsWith('pln_')) {
    const plan = await db.plan.findUnique({ where: { id: runId }, select: { deploy_id: true, version: true, created_at: true, prune: true, prune_volumes: true } });
    if (!plan?.prune || Date.now() - plan.created_at.getTime() > planOpenMs) return null;
    return { deploy_id: plan.deploy_id, version: plan.version, everything: false, volumes: plan.prune_volumes };
  }
  const rollout = await db.rollout.findUnique({ where: { id: runId }, select: { deploy_id: true, version: true, kind: true, state: true, prune: true, prune_volumes: true } });
  if (!rollout || !isOpenRollout(rollout.state)) return null;
  const everything = rollout.kind === 'teardown';
  return everything || rollout.prune ? { deploy_id: rollout.deploy_id, version: rollout.version, everything, volumes: rollout.prune_volumes } : null;
}

/** One answer for everything that is not this host's business. */
const noSuchWork = (): MaestroError => new MaestroError('not_found', 'There is no open run of that id that removes anything on this host', { fix: 'Nothing is to be done; the run has ended or is not for this host.' });

export async function removalsOn({ db, renderer }: { db: Reader; renderer: Renderer }, host: string, runId: string): Promise<RemovalAnswer> {
  const run = await pruningOf(db, runId);
  if (run === null || !(await hostsOf(db, run.deploy_id)).includes(host)) throw noSuchWork();
  const placements = run.everything ? [] : await renderer.desired(run.deploy_id, run.version, host);
  return { deploy_id: run.deploy_id, placements, order: await orderOf(db, run.deploy_id), volumes: run.volumes };
}

/** Every host that any rollout of the deploy was for. */
export async function hostsOf(db: Reader, deployId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ host: string }[]>`
    SELECT DISTINCT s.host FROM steps s JOIN rollouts r ON r.id = s.rollout_id WHERE r.deploy_id = ${deployId} ORDER BY s.host`;
  return rows.map(({ host }) => host);
}

const versionsRead = 10;

/** What depends on what, by the versions rolled out last; the newest one that has a component says what it depends on. */
async function orderOf(db: Reader, deployId: string): Promise<string[]> {
  const versions = await db.version.findMany({ where: { deploy_id: deployId, rollouts: { some: {} } }, orderBy: { number: 'desc' }, take: versionsRead, select: { yaml: true } });
  const dependsOn = new Map<string, readonly string[]>();
  for (const { yaml } of versions) {
    for (const [id, component] of Object.entries(readableDocument(yaml)?.components ?? {})) if (!dependsOn.has(id)) dependsOn.set(id, component.depends_on);
  }
  return dependenciesFirst(dependsOn);
}
