/** Apply, rollback and their refusals while Temporal is away: what is decided must be stored, and nothing else. */
import { z } from 'zod';
import { recordRolloutState } from '../../control/rollouts/index.js';
import { web } from './documents.js';
import { counts, useApi, type Answer, type Ask } from './harness.js';

const started = z.object({ rollout_id: z.string(), version: z.number(), workflow_id: z.string(), temporal_url: z.string().nullable() });
const problem = z.object({ code: z.string(), message: z.string(), suggested_fix: z.string().min(5), details: z.record(z.string(), z.unknown()), errors: z.array(z.object({ code: z.string(), path: z.string(), line: z.number() })) });

describe('applying', () => {
  const context = useApi();
  const post = (path: string, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, ...options });
  const deploy = async (name: string, hosts = ['web-01']): Promise<string> => {
    const answer = await post('/api/deploys', { body: web(name, hosts), type: 'text/yaml' });
    return z.object({ deploy_id: z.string() }).parse(answer.body).deploy_id;
  };
  const refused = async (path: string, json: object, status: number, code: string): Promise<z.infer<typeof problem>> => {
    const before = await counts(context.api.db);
    const answer = await post(path, { json });
    expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ code })]);
    expect(await counts(context.api.db)).toEqual(before);
    return problem.parse(answer.body);
  };

  beforeAll(() => context.api.enroll('web-01'));

  it('stores the rollout and answers 202 although Temporal is away: the sweeper starts it', async () => {
    const id = await deploy('without-temporal');
    const answer = await post(`/api/deploys/${id}/apply`, { json: {} });
    expect(answer.status).toBe(202);
    const rollout = started.parse(answer.body);
    expect(rollout).toMatchObject({ version: 1, workflow_id: `deploy/${id}`, temporal_url: `http://temporal.test/namespaces/default/workflows/deploy%2F${id}` });
    expect((await context.api.ask(`/api/rollouts/${rollout.rollout_id}`, { as: context.api.people.viewer })).body).toMatchObject({
      rollout_id: rollout.rollout_id, deploy_id: id, deploy_name: 'without-temporal', state: 'pending', kind: 'apply', version: 1, started_by: 'operator', workflow_id: `deploy/${id}`,
      temporal_url: rollout.temporal_url, steps: [{ step: 'web-01/web', state: 'pending' }], bindings: [{ index: 0, hosts: ['web-01'], components: ['web'] }],
    });
    expect((await context.api.ask(`/api/deploys/${id}`, { as: context.api.people.viewer })).body).toMatchObject({ state: 'rolling_out', last_rollout: { rollout_id: rollout.rollout_id, state: 'pending' } });
    expect((await context.api.ask(`/api/rollouts?deploy_id=${id}`, { as: context.api.people.viewer })).body).toMatchObject({ items: [{ rollout_id: rollout.rollout_id }], next_cursor: null });
    expect(await context.api.db.auditEntry.count({ where: { action: 'rollout.apply', target: rollout.rollout_id, result: 'ok' } })).toBe(1);
  });

  it('lets one of many applies at the same time through; the others are told which', async () => {
    const id = await deploy('at-once');
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(`/api/deploys/${id}/apply`, { json: { version: 1 } })));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
    const winner = started.parse(answers.find(({ status }) => status === 202)?.body);
    for (const { body } of answers.filter(({ status }) => status === 409)) expect(problem.parse(body)).toMatchObject({ code: 'conflict', details: { rollout_id: winner.rollout_id } });
    expect(await context.api.db.rollout.count({ where: { deploy_id: id } })).toBe(1);
  });

  it('answers a repeated Idempotency-Key with the first rollout, and a new one with conflict', async () => {
    const id = await deploy('idempotent');
    const send = (key: string, json: object = {}) => post(`/api/deploys/${id}/apply`, { json, headers: { 'idempotency-key': key } });
    const [first, again] = [await send('apply-1'), await send('apply-1')];
    expect([first.status, again.status, again.body]).toEqual([202, 202, first.body]);
    expect((await send('apply-1', { version: 1 })).status).toBe(422);
    expect((await send('apply-2')).status).toBe(409);
    expect(await context.api.db.rollout.count({ where: { deploy_id: id } })).toBe(1);
  });

  it('brings back an old version as a new one, and can be answered again after the rollout has ended', async () => {
    const id = await deploy('back-and-forth');
    await post(`/api/deploys/${id}/versions`, { body: web('back-and-forth').replace('1.27', '1.28'), type: 'text/yaml' });
    const applied = started.parse((await post(`/api/deploys/${id}/apply`, { json: {} })).body);
    expect(applied.version).toBe(2);
    await refused(`/api/deploys/${id}/rollback/1`, {}, 409, 'conflict');
    await recordRolloutState(context.api.db, applied.rollout_id, { state: 'running', reason: '' });
    await recordRolloutState(context.api.db, applied.rollout_id, { state: 'failed', reason: 'for the test' });
    const answer = await post(`/api/deploys/${id}/rollback/1`, { json: { expected_version: 2 } });
    expect([answer.status, started.parse(answer.body).version]).toEqual([202, 3]);
    expect((await context.api.ask(`/api/deploys/${id}/versions/3`, { as: context.api.people.viewer })).body).toMatchObject({ number: 3, kind: 'rollback', parent: 1, yaml: web('back-and-forth') });
  });

  describe('refuses, and stores nothing:', () => {
    it('a version that is not there, naming those that are', async () => {
      const id = await deploy('two-versions');
      await post(`/api/deploys/${id}/versions`, { body: web('two-versions'), type: 'text/yaml' });
      expect((await refused(`/api/deploys/${id}/apply`, { version: 7 }, 404, 'not_found')).message).toContain('v1, v2');
      await refused(`/api/deploys/${id}/rollback/7`, {}, 404, 'not_found');
      await refused(`/api/deploys/${id}/diff`, { version: 7 }, 404, 'not_found');
      await refused(`/api/deploys/${id}/apply`, { version: 0 }, 422, 'validation_error');
      await refused(`/api/deploys/${id}/apply`, { version: '1' }, 422, 'validation_error');
    });

    it('a version other than the one the client expects to be the latest', async () => {
      const id = await deploy('expected');
      await post(`/api/deploys/${id}/versions`, { body: web('expected'), type: 'text/yaml' });
      await refused(`/api/deploys/${id}/apply`, { expected_version: 1 }, 409, 'conflict');
    });

    it('hosts that are not enrolled, at their place in the YAML', async () => {
      const id = await deploy('unknown-host', ['web-01', 'nowhere-01', 'nowhere-02']);
      const { errors, message, suggested_fix: fix } = await refused(`/api/deploys/${id}/apply`, {}, 422, 'validation_error');
      expect(errors).toEqual([expect.objectContaining({ code: 'not_found', path: 'hosts.nowhere-01', line: 6 }), expect.objectContaining({ path: 'hosts.nowhere-02', line: 7 })]);
      expect(message).toContain('nowhere-01, nowhere-02');
      expect(fix).toContain('Enroll nowhere-01');
      await refused(`/api/deploys/${id}/rollback/1`, {}, 422, 'validation_error');
    });

    it('a version whose templates do not render', async () => {
      const answer = await post('/api/deploys', { body: web('broken-template').replace('container_name: broken-template', 'container_name: "{{ nothing.at.all }}"'), type: 'text/yaml' });
      const id = z.object({ deploy_id: z.string() }).parse(answer.body).deploy_id;
      const { errors } = await refused(`/api/deploys/${id}/apply`, {}, 422, 'validation_error');
      expect(errors[0]).toMatchObject({ path: 'components.web.run.container_name', line: 9 });
      await refused(`/api/deploys/${id}/diff`, {}, 422, 'validation_error');
    });

    it('removing by who may not remove', async () => {
      const id = await deploy('later');
      const { operator, viewer } = context.api.people;
      const missing = { code: 'permission_denied', details: expect.objectContaining({ missing_right: 'component.remove' }) as object };
      const pruned = await context.api.ask(`/api/deploys/${id}/apply`, { method: 'POST', json: { prune: true }, as: operator });
      expect([pruned.status, pruned.body]).toEqual([403, expect.objectContaining(missing)]);
      const answer = await context.api.ask(`/api/deploys/${id}?teardown=true`, { method: 'DELETE', as: operator });
      expect([answer.status, answer.body]).toEqual([403, expect.objectContaining(missing)]);
      await refused(`/api/deploys/${id}/apply`, { remove_volumes: true }, 422, 'validation_error');
      expect((await context.api.ask(`/api/deploys/${id}`, { as: viewer })).status).toBe(200);
    });

    it('deploys and rollouts that are not there', async () => {
      const [noDeploy, noRollout] = [`dpl_${'0'.repeat(20)}`, `rol_${'0'.repeat(20)}`];
      for (const verb of ['apply', 'diff', 'validate', 'rollback/1', 'components/web/start']) await refused(`/api/deploys/${noDeploy}/${verb}`, {}, 404, 'not_found');
      for (const [verb, json] of [['retry', {}], ['resume', {}], ['skip', { step: 'a/b', note: 'why' }], ['abort', {}]] as const) await refused(`/api/rollouts/${noRollout}/${verb}`, json, 404, 'not_found');
    });
  });

  it('a diff says that Temporal is away, and what to do', async () => {
    const id = await deploy('no-diff');
    const answer = await post(`/api/deploys/${id}/diff`, { json: { version: 1 } });
    expect([answer.status, answer.headers.get('retry-after'), problem.parse(answer.body)]).toEqual([503, '5', expect.objectContaining({ code: 'unavailable', details: { part: 'temporal' } })]);
    expect((await post(`/api/deploys/${id}/rollback/1?dry_run=true`)).status).toBe(503);
    expect(await context.api.db.rollout.count({ where: { deploy_id: id } })).toBe(0);
  });

  it('answers to a rollout are refused when it has ended, when they are incomplete, and while Temporal is away', async () => {
    const id = await deploy('answers');
    const { rollout_id: rollout } = started.parse((await post(`/api/deploys/${id}/apply`)).body);
    await refused(`/api/rollouts/${rollout}/retry`, { step: 'web-01/web' }, 503, 'unavailable');
    await refused(`/api/rollouts/${rollout}/skip`, { step: 'web-01/web' }, 422, 'validation_error');
    await refused(`/api/rollouts/${rollout}/skip`, { step: 'web', note: 'why' }, 422, 'validation_error');
    await refused(`/api/rollouts/${rollout}/retry`, { host: 'web-01' }, 422, 'validation_error');
    await recordRolloutState(context.api.db, rollout, { state: 'aborted', reason: 'for the test' });
    expect((await refused(`/api/rollouts/${rollout}/resume`, {}, 409, 'conflict')).message).toContain('aborted');
  });

  it('a deploy is retired only when no rollout is open; its name is free again then', async () => {
    const id = await deploy('retired');
    const { rollout_id: rollout } = started.parse((await post(`/api/deploys/${id}/apply`)).body);
    const retire = () => context.api.ask(`/api/deploys/${id}`, { method: 'DELETE', as: context.api.people.operator });
    expect([(await retire()).status, (await retire()).body]).toEqual([409, expect.objectContaining({ code: 'conflict', details: expect.objectContaining({ rollout_id: rollout }) })]);
    await recordRolloutState(context.api.db, rollout, { state: 'aborted', reason: 'for the test' });
    expect([(await retire()).status, (await retire()).status]).toEqual([204, 404]);
    expect((await post('/api/deploys', { body: web('retired'), type: 'text/yaml' })).status).toBe(201);
  });

  it('a component cannot be operated before anything is active, nor where it is not', async () => {
    const id = await deploy('operated');
    expect((await refused(`/api/deploys/${id}/components/web/restart`, {}, 409, 'conflict')).suggested_fix).toContain('Apply');
    const { rollout_id: rollout } = started.parse((await post(`/api/deploys/${id}/apply`)).body);
    await recordRolloutState(context.api.db, rollout, { state: 'succeeded', reason: '' });
    await refused(`/api/deploys/${id}/components/db/restart`, {}, 404, 'not_found');
    expect((await refused(`/api/deploys/${id}/components/web/restart?host=db-01`, {}, 404, 'not_found')).suggested_fix).toContain('web-01');
    expect((await post(`/api/deploys/${id}/components/web/restart`)).status).toBe(503);
  });

  it('the log of a rollout is text for people and NDJSON for programs', async () => {
    const id = await deploy('logged');
    const { rollout_id: rollout } = started.parse((await post(`/api/deploys/${id}/apply`)).body);
    const host = (json: object) => context.api.ask('/host/v1/report', { json, headers: context.api.hostHeaders('web-01') });
    const ts = new Date().toISOString();
    await host({ run: rollout, entries: [
      { key: '1', component: 'web', type: 'step.phase', ts, data: { phase: 'fetch', state: 'started' } },
      { key: '2', component: 'web', type: 'step.output', ts, data: { lines: [{ stream: 'stdout', text: 'pulling \u001b[31mnginx\u0007' }, { stream: 'stderr', text: '<script>' }] } },
    ] });
    const text = await context.api.ask(`/api/rollouts/${rollout}/log?format=text`, { as: context.api.people.viewer });
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text.text).toContain(`${ts} web-01/web fetch started\n${ts} web-01/web [stdout] pulling \uFFFD[31mnginx\uFFFD\n${ts} web-01/web [stderr] <script>\n`);
    const lines = (await context.api.ask(`/api/rollouts/${rollout}/log`, { as: context.api.people.viewer })).text.trim().split('\n').map((line): unknown => JSON.parse(line));
    expect(lines).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'rollout.state', rollout_id: rollout }), expect.objectContaining({ type: 'step.output', host: 'web-01', component: 'web' })]));
    const ids = lines.map((line) => z.object({ id: z.number() }).parse(line).id);
    const rest = (await context.api.ask(`/api/rollouts/${rollout}/log?after=${ids[0] ?? 0}`, { as: context.api.people.viewer })).text.trim().split('\n').map((line): unknown => JSON.parse(line));
    expect(rest).toEqual(lines.slice(1));
    expect((await context.api.ask(`/api/rollouts/${rollout}/log?after=-1`, { as: context.api.people.viewer })).status).toBe(422);
    expect((await context.api.ask(`/api/rollouts/rol_${'0'.repeat(20)}/log`, { as: context.api.people.viewer })).status).toBe(404);
    expect((await context.api.ask(`/api/rollouts/${rollout}/log?format=html`, { as: context.api.people.viewer })).status).toBe(422);
  });
});
