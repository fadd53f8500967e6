/** Plans over REST and at the hosts' door: what was reviewed is what is applied, once. */
import { z } from 'zod';
import { createPlan, getPlan, recordPlan } from '../../control/plans/index.js';
import { recordRolloutState } from '../../control/rollouts/index.js';
import { systemActor } from '../../control/actor.js';
import type { PlacementBasis } from '../../spec/planned.js';
import type { RolloutKind } from '../../spec/words.js';
import { web } from './documents.js';
import { useApi, type Answer, type Ask } from './harness.js';

const started = z.object({ rollout_id: z.string(), version: z.number() });
const desired = z.object({ placements: z.array(z.object({ component: z.string(), hash: z.string(), planned: z.unknown().optional() })) });
const fingerprint = { digest: 'seen', parts: { container: 'there' } };

describe('a plan', () => {
  const context = useApi();
  const post = (path: string, json: object = {}, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, json, ...options });
  const host = (path: string, options: Ask = {}, name = 'web-01'): Promise<Answer> => context.api.ask(`/host/v1${path}`, { ...options, headers: context.api.hostHeaders(name) });
  const deploy = async (name: string): Promise<string> => z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', {}, { json: undefined, body: web(name), type: 'text/yaml' })).body).deploy_id;
  const newVersion = (id: string, name: string) => post(`/api/deploys/${id}/versions`, {}, { json: undefined, body: web(name).replace('1.27', '1.28'), type: 'text/yaml' });
  const end = (rollout: string) => recordRolloutState(context.api.db, rollout, { state: 'failed', reason: 'for the test' });
  /** As the plan workflow does it: the host is shown what shall be, and answers. */
  const planned = async (deployId: string, version = 1, kind: RolloutKind = 'apply'): Promise<string> => {
    const id = await createPlan(context.api.db, systemActor, { deployId, version, kind });
    const { placements } = desired.parse((await host(`/desired?run=${id}`)).body);
    const basis = placements.map(({ component, hash }): PlacementBasis => ({ component, hash, fingerprint }));
    await recordPlan(context.api.db, id, { hosts: [{ host: 'web-01', reachable: true, detail: '', components: [], basis }] });
    return id;
  };

  beforeAll(() => context.api.enroll('web-01'));

  it('is applied, with the version that it is of; its host is told how it saw its placements', async () => {
    const id = await deploy('planned');
    const plan = await planned(id);
    await newVersion(id, 'planned');
    const answer = await post(`/api/deploys/${id}/apply`, { plan_id: plan });
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ version: 1 })]);
    const { rollout_id: rollout } = started.parse(answer.body);
    expect(desired.parse((await host(`/desired?run=${rollout}`)).body).placements).toMatchObject([{ component: 'web', planned: fingerprint }]);
    expect(desired.parse((await host(`/desired?run=${rollout}&component=web&content=1`)).body).placements).toMatchObject([{ planned: fingerprint }]);
    // A person gave it another version: the plan is not what is carried out any more.
    await context.api.db.rollout.update({ where: { id: rollout }, data: { version: 2 } });
    expect(desired.parse((await host(`/desired?run=${rollout}`)).body).placements[0]?.planned).toBeUndefined();
  });

  it('is used once; whoever repeats the request is answered with the same rollout', async () => {
    const id = await deploy('repeated');
    const plan = await planned(id);
    const send = (key: string) => post(`/api/deploys/${id}/apply`, { plan_id: plan }, { headers: { 'idempotency-key': key } });
    const first = await send('plan-1');
    const again = await send('plan-1');
    expect([first.status, again.status, again.body]).toEqual([202, 202, first.body]);
    const { rollout_id: rollout } = started.parse(first.body);
    expect(await send('plan-2')).toMatchObject({ status: 409, body: { code: 'plan_used', details: { plan_id: plan, rollout_id: rollout } } });
    await end(rollout);
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: plan })).toMatchObject({ status: 409, body: { code: 'plan_used' } });
    const all = await planned(id);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(`/api/deploys/${id}/apply`, { plan_id: all })));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array.from({ length: 19 }, () => 409)]);
    expect(await context.api.db.rollout.count({ where: { plan_id: all } })).toBe(1);
  });

  it('is refused with what moved, and nothing is stored', async () => {
    const id = await deploy('moved');
    const plan = await planned(id);
    await newVersion(id, 'moved');
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: plan, version: 2 })).toMatchObject({ status: 409, body: { code: 'plan_stale', details: { moved: ['it is a plan of version 1, and version 2 was asked for'] } } });
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: plan, expected_version: 1 })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await post(`/api/deploys/${await deploy('another')}/apply`, { plan_id: plan })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: 'pln_none' })).toMatchObject({ status: 422, body: { code: 'validation_error' } });
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: `pln_${'0'.repeat(20)}` })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    await context.api.db.plan.update({ where: { id: plan }, data: { expires_at: new Date(Date.now() - 1) } });
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: plan })).toMatchObject({ status: 409, body: { code: 'plan_expired', suggested_fix: expect.stringContaining('Diff again') } });
    expect(await context.api.db.rollout.count({ where: { deploy_id: id } })).toBe(0);
  });

  it('of a secret that has changed since is stale', async () => {
    const secret = (value: string) => context.api.ask('/api/secrets/plans/token', { method: 'PUT', as: context.api.people.admin, json: { value } });
    await secret('the first one');
    const yaml = web('with-secret').replace('container_name: with-secret', 'container_name: with-secret, env: { TOKEN: "{{ vault://plans/token }}" }');
    const { deploy_id: id } = z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', {}, { json: undefined, body: yaml, type: 'text/yaml' })).body);
    const first = await createPlan(context.api.db, systemActor, { deployId: id, version: 1, secrets: { 'plans/token': 1 } });
    const [placement] = desired.parse((await host(`/desired?run=${first}`)).body).placements;
    await recordPlan(context.api.db, first, { hosts: [{ host: 'web-01', reachable: true, detail: '', components: [], basis: [{ component: 'web', hash: placement?.hash ?? '', fingerprint }] }] });
    await secret('the second one');
    const answer = await post(`/api/deploys/${id}/apply`, { plan_id: first });
    expect(answer).toMatchObject({ status: 409, body: { code: 'plan_stale', details: { moved: ['the secret plans/token has version 2 now, version 1 in the plan', 'web-01/web is rendered differently now'] } } });
    expect(answer.text).not.toMatch(/the (first|second) one/);
  });

  it('of a dry run is what a rollback carries out', async () => {
    const id = await deploy('back');
    await newVersion(id, 'back');
    const plan = await planned(id, 1, 'rollback');
    expect(await post(`/api/deploys/${id}/rollback/2`, { plan_id: plan })).toMatchObject({ status: 409, body: { code: 'plan_stale' } });
    expect(await post(`/api/deploys/${id}/apply`, { plan_id: plan })).toMatchObject({ status: 422, body: { code: 'validation_error' } });
    const answer = await post(`/api/deploys/${id}/rollback/1`, { plan_id: plan });
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ version: 3 })]);
    expect(desired.parse((await host(`/desired?run=${started.parse(answer.body).rollout_id}`)).body).placements).toMatchObject([{ planned: fingerprint }]);
  });

  it('shows the lines that a host sent of its own files while the plan was being made', async () => {
    const id = await deploy('lines');
    const run = await createPlan(context.api.db, systemActor, { deployId: id, version: 1 });
    const file = { component: 'web', path: '/etc/a', unified_diff: '+a\n', note: null };
    const send = (files: object[], name = 'web-01', of = run) => host('/diffs', { json: { run: of, files } }, name);
    expect((await send([file])).status).toBe(204);
    expect((await send([{ ...file, component: 'db' }])).status).toBe(404);
    expect((await send([file], 'web-02')).status).toBe(404);
    expect((await send([file], 'web-01', `pln_${'0'.repeat(20)}`)).status).toBe(404);
    expect((await send([file], 'web-01', `rol_${'0'.repeat(20)}`)).status).toBe(422);
    expect((await send([{ ...file, unified_diff: 'x'.repeat(200_000) }])).status).toBe(422);
    expect((await send(Array.from({ length: 9 }, () => ({ ...file, unified_diff: 'x'.repeat(100_000) })))).status).toBe(413);
    const change = { path: '/etc/a', old_sha256: null, new_sha256: 'a', kind: 'desired' as const };
    const component = { component: 'web', action: 'update' as const, restart: false, downtime: false, reasons: [], fields: [], files: [change], operations: [], observed_state: 'running' as const, needs_prepare: false };
    await recordPlan(context.api.db, run, { hosts: [{ host: 'web-01', reachable: true, detail: '', components: [component] }] });
    expect((await send([{ ...file, unified_diff: 'too late' }])).status).toBe(204);
    expect((await getPlan(context.api.db, run)).hosts[0]?.components[0]?.files).toEqual([{ ...change, unified_diff: '+a\n', note: null }]);
  });
});
