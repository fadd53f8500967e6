/** The lines of files that a diff shows. They go from the host to the database by themselves: a workflow's history is no place for contents. */
import type { FileDiff } from '../../spec/plan.js';
import { inTransaction, type Db, type Reader, type Tx } from '../database.js';
import { storable, stored } from '../json.js';
import type { PlanHost } from './record-plan.js';

/** In one answer, over all hosts, in bytes of JSON; those of the hosts that come last are left out. */
const shownBytesMax = 4 << 20;
/** Nobody applies a plan that long after it was made. */
const keptHours = 24;

/** Kept as long as the plan is not recorded; what comes later was not reviewed, and is dropped. False: it was. */
export async function keepDiffs(db: Db, planId: string, host: string, diffs: readonly FileDiff[]): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM plans WHERE id = ${planId} FOR NO KEY UPDATE`;
    const open = await tx.plan.findFirst({ where: { id: planId, digest: null }, select: { id: true } });
    if (open === null) return false;
    const row = { diffs: storable(diffs) ?? [] };
    await tx.planHost.upsert({ where: { plan_id_host: { plan_id: planId, host } }, create: { plan_id: planId, host, ...row }, update: row });
    return true;
  });
}

/** The hosts with the lines of their files in their places. */
export async function withDiffs(db: Reader, planId: string, hosts: readonly PlanHost[]): Promise<PlanHost[]> {
  const rows = await db.$queryRaw<{ host: string; diffs: string }[]>`
    SELECT host, diffs::text AS diffs FROM (
      SELECT host, diffs, sum(octet_length(diffs::text)) OVER (ORDER BY host) AS total FROM plan_hosts WHERE plan_id = ${planId} AND diffs IS NOT NULL
    ) AS kept WHERE total <= ${shownBytesMax} ORDER BY host`;
  const byHost = new Map(rows.map(({ host, diffs }) => [host, stored<FileDiff[]>(JSON.parse(diffs))]));
  return hosts.map((host) => withLines(host, byHost.get(host.host) ?? []));
}

function withLines(host: PlanHost, diffs: readonly FileDiff[]): PlanHost {
  const lines = new Map(diffs.map(({ component, path, unified_diff, note }) => [JSON.stringify([component, path]), { unified_diff, note }]));
  const components = host.components.map((component) => ({
    ...component, files: component.files.map((file) => ({ ...file, ...(lines.get(JSON.stringify([component.component, file.path])) ?? {}) })),
  }));
  return { ...host, components };
}

/** Forgets the lines of the deploy's plans that have been over for a day. */
export async function dropOldDiffs(tx: Tx, deployId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE plan_hosts SET diffs = NULL WHERE diffs IS NOT NULL
      AND plan_id IN (SELECT id FROM plans WHERE deploy_id = ${deployId} AND created_at < now() - make_interval(hours => ${keptHours}::int))`;
}
