/** Operating what runs: start, stop, restart and check a component of the active version, on one host or on all. */
import { z } from 'zod';
import { spendHostsNow } from '../../control/access/index.js';
import { findDeploy, loadBundle } from '../../control/deploys/index.js';
import { createPlan } from '../../control/plans/index.js';
import { storedDocument } from '../../control/documents/stored-document.js';
import { placements } from '../../spec/document/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { OperateVerb } from '../../workflows/shared.js';
import type { ApiContext } from '../context.js';
import { route, type Call } from '../route.js';
import { idOf, named } from '../schemas/common.js';

const verbs: Record<OperateVerb, string> = {
  start: 'Start a component that stands still',
  stop: 'Stop a component; it stays installed',
  restart: 'Restart a component',
  healthcheck: 'Run the health check of a component now',
};

const name = z.string().min(1).max(63);
const params = z.strictObject({ id: idOf('dpl'), cid: name });
const query = z.strictObject({ host: name.optional().describe('Default: every host that carries the component') });
const answer = named('OperateAnswer', z.object({
  component: z.string(), version: z.int(), ok: z.boolean().describe('On every host'),
  hosts: z.array(z.object({ host: z.string(), ok: z.boolean(), detail: z.string() })),
}));
const results = z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() }));

/** What names a component of a deploy, and one of its hosts or all. */
export interface TargetCall { context: Pick<ApiContext, 'db'>; params: { id: string; cid: string }; query: { host?: string | undefined } }
type OperateCall = Call<z.infer<typeof params>, z.infer<typeof query>, unknown>;

/** Version and hosts that the call means. Throws conflict before the first rollout, not_found for what is not placed. */
export async function targetOf({ context: { db }, params: { id, cid }, query: { host } }: TargetCall): Promise<{ version: number; hosts: string[] }> {
  const { name: deployName, active_version: version } = await findDeploy(db, id);
  if (version === null) throw new MaestroError('conflict', `${deployName} has no active version: nothing of it runs yet`, { fix: 'Apply a version first.' });
  const { yaml } = await loadBundle(db, id, version);
  const placed = placements(storedDocument(yaml, `${deployName}/v${version}`)).filter(({ component }) => component === cid).map((placement) => placement.host);
  const hosts = placed.filter((one) => host === undefined || one === host);
  if (hosts.length > 0) return { version, hosts };
  throw new MaestroError('not_found', placed.length === 0 ? `Version ${version} of ${deployName} places no component "${cid}"` : `${cid} is not placed on ${host ?? ''}`, {
    fix: placed.length === 0 ? 'Look at the deploy for its components.' : `Use one of: ${placed.join(', ')}.`,
  });
}

async function operate(verb: OperateVerb, call: OperateCall): Promise<z.input<typeof answer>> {
  const { actor, context, params: { id, cid }, request } = call;
  const { version, hosts } = await targetOf(call);
  request.note({ deploy_id: id, component: cid, hosts, version });
  await spendHostsNow(context.db, actor, { hosts });
  const runId = await createPlan(context.db, actor, { deployId: id, version });
  const found = results.parse(await context.temporal.runOperate({ deploy_id: id, version, component: cid, hosts, verb, run_id: runId }));
  const answers = hosts.map((host) => ({ host, ...(found[host] ?? { ok: false, detail: 'no answer' }) }));
  return { component: cid, version, ok: answers.every(({ ok }) => ok), hosts: answers };
}

export const componentRoutes = (Object.keys(verbs) as OperateVerb[]).map((verb) => route({
  method: 'post', path: `/api/deploys/{id}/components/{cid}/${verb}`, operationId: `${verb}Component`, tag: 'components', summary: verbs[verb], right: 'component.operate',
  audit: { action: `component.${verb}`, by: 'router' }, errors: ['conflict', 'timeout'], params, query, response: answer,
  handler: (call) => operate(verb, call),
}));
