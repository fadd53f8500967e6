/** One component comes back as it was; all else of the active version stays, in its text, its files, its pins and its secrets. */
import { z } from 'zod';
import { createPlan, recordPlan } from '../../control/plans/index.js';
import { loadRollout, openRollback, recordRolloutState, recordSteps, retargetRollout, startRollout } from '../../control/rollouts/index.js';
import { systemActor } from '../../control/actor.js';
import type { PlacementBasis } from '../../spec/planned.js';
import { useApi, type Answer, type Ask } from './harness.js';

const head = (name: string): string => `# kept as written\napi_version: maestro/v1\nproject: ${name}\nhosts: { web-01: {}, web-02: {} }\ncomponents:\n`;
const tail = 'deployment: # everywhere\n  - { hosts: [web-01, web-02], components: [db, web], strategy: parallel }\n';
const one = (id: string, tag: string, more = ''): string => `  ${id}: # ${tag}\n    source: { type: docker, image: ${id}, tag: moving }\n    run: { type: docker, container_name: NAME-${id}, env: { TAG: "${tag}", TOKEN: "{{ vault://one/token }}" } }\n    config: { templates: [{ source: ${id}.j2, dest: /etc/NAME/${id} }] }\n${more}`;
const doc = (name: string, db: string, web: string): string => (head(name) + db + web + tail).replaceAll('NAME', name);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const filesOf = (tag: string): Record<string, string> => ({ 'web.j2': base64(`web ${tag}`), 'db.j2': base64(`db ${tag}`) });
const digest = (of: string): string => `sha256:${of.repeat(64)}`;

const started = z.object({ rollout_id: z.string(), version: z.number() });
const placements = z.object({ placements: z.array(z.looseObject({ component: z.string(), hash: z.string(), planned: z.unknown().optional(), run: z.looseObject({ pinned: z.string().optional() }), files: z.array(z.looseObject({ content: z.string().optional() })) })) });
type Placements = z.infer<typeof placements>['placements'];

describe('a rollback of one component', () => {
  const context = useApi();
  const post = (path: string, json: object = {}, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, json, ...options });
  const host = (path: string, options: Ask = {}, name = 'web-01'): Promise<Answer> => context.api.ask(`/host/v1${path}`, { ...options, headers: context.api.hostHeaders(name) });
  const back = (id: string, json: object, component = 'web', options: Ask = {}): Promise<Answer> => post(`/api/deploys/${id}/components/${component}/rollback`, json, options);
  const desired = async (run: string, component: string): Promise<Placements> => placements.parse((await host(`/desired?run=${run}&component=${component}&content=1`)).body).placements;
  const setToken = (value: string): Promise<Answer> => context.api.ask('/api/secrets/one/token', { method: 'PUT', as: context.api.people.admin, json: { value } });
  const version = async (id: string, number: number): Promise<{ yaml: string; [key: string]: unknown }> => z.looseObject({ yaml: z.string() }).parse((await context.api.ask(`/api/deploys/${id}/versions/${number}`, { as: context.api.people.viewer })).body);
  const succeed = async (rollout: string): Promise<void> => {
    await startRollout(context.api.db, rollout);
    await recordRolloutState(context.api.db, rollout, { state: 'succeeded', reason: '' });
  };
  const pin = (run: string, values: Record<string, string>): Promise<Answer> =>
    host('/pin', { method: 'POST', json: { run, pins: Object.entries(values).map(([component, of]) => ({ component, kind: 'image', value: digest(of) })) } });
  const applied = async (answer: Answer, pins: Record<string, string> = {}): Promise<string> => {
    expect([answer.status, answer.body]).toEqual([202, expect.anything()]);
    const { rollout_id: rollout } = started.parse(answer.body);
    if (Object.keys(pins).length > 0) expect((await pin(rollout, pins)).status).toBe(200);
    return rollout;
  };

  interface Versions { first?: [db: string, web: string]; second?: [db: string, web: string]; files?: [Record<string, string>, Record<string, string>] }
  /** v1 and v2 with everything changed in both components, each applied with a secret of its own and its own pins. */
  const twoVersions = async (name: string, { first = [one('db', '1'), one('web', '1')], second = [one('db', '2'), one('web', '2')], files = [filesOf('1'), filesOf('2')] }: Versions = {}): Promise<string> => {
    await setToken(`${name}-token-1`);
    const { deploy_id: id } = z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { yaml: doc(name, ...first), files: files[0] })).body);
    await succeed(await applied(await post(`/api/deploys/${id}/apply`), { db: 'a', web: 'b' }));
    await setToken(`${name}-token-2`);
    expect((await post(`/api/deploys/${id}/versions`, { yaml: doc(name, ...second), files: files[1] })).status).toBe(201);
    await succeed(await applied(await post(`/api/deploys/${id}/apply`), { db: 'c', web: 'd' }));
    return id;
  };
  const refusal = async (answer: Promise<Answer>): Promise<unknown> => {
    const { status, body } = await answer;
    return [status, z.looseObject({ code: z.string(), message: z.string() }).parse(body).message];
  };

  beforeAll(async () => { for (const name of ['web-01', 'web-02']) await context.api.enroll(name); });

  it('makes a version that is the active one but for the component, which is what it was: text, files, image, secret', async () => {
    const id = await twoVersions('whole');
    const [before, now] = [await version(id, 1), await version(id, 2)];
    const answer = await back(id, { version: 1 });
    const rollout = await applied(answer);
    expect(answer.body).toMatchObject({ version: 3 });
    expect(await version(id, 3)).toMatchObject({ kind: 'rollback', parent: 2, component: 'web', component_from: 1, yaml: doc('whole', one('db', '2'), one('web', '1')) });
    expect((await version(id, 3))['files']).toEqual([(now['files'] as { path: string }[]).find(({ path }) => path === 'db.j2'), (before['files'] as { path: string }[]).find(({ path }) => path === 'web.j2')]);
    const [web] = await desired(rollout, 'web');
    expect(web).toMatchObject({ run: { pinned: `web:moving@${digest('b')}`, env: { TAG: '1' }, secret_env: { TOKEN: { content: 'whole-token-1' } } } });
    expect(web?.files[0]?.content).toBe(base64('web 1'));
    const [db] = await desired(rollout, 'db');
    expect(db).toMatchObject({ run: { pinned: `db:moving@${digest('c')}`, env: { TAG: '2' }, secret_env: { TOKEN: { content: 'whole-token-2' } } } });
    expect(db?.files[0]?.content).toBe(base64('db 2'));
  });

  it('touches the placements of the component alone, and is what a rollback of everything is compared with later', async () => {
    const id = await twoVersions('again');
    const rollout = await applied(await back(id, { version: 1 }));
    expect((await loadRollout(context.api.db, rollout)).graph.steps.map((step) => step.id)).toEqual(['web-01/web', 'web-02/web']);
    const during = [await desired(rollout, 'db'), await desired(rollout, 'web')];
    await succeed(rollout);
    await setToken('again-token-3');
    const whole = await applied(await post(`/api/deploys/${id}/apply`, { version: 3 }));
    expect((await loadRollout(context.api.db, whole)).graph.steps).toHaveLength(4);
    expect([await desired(whole, 'db'), await desired(whole, 'web')]).toEqual(during);
    await succeed(whole);
    // A version that is a rollback to it, and one in which the other comes back, too.
    const later = await applied(await post(`/api/deploys/${id}/rollback/3`));
    expect([await desired(later, 'db'), await desired(later, 'web')].flat().map(({ hash }) => hash)).toEqual(during.flat().map(({ hash }) => hash));
    await succeed(later);
    const both = await applied(await back(id, { version: 1 }, 'db'));
    expect((await desired(both, 'web'))[0]?.hash).toBe(during[1]?.[0]?.hash);
    expect((await desired(both, 'db'))[0]).toMatchObject({ run: { pinned: `db:moving@${digest('a')}`, env: { TAG: '1' }, secret_env: { TOKEN: { content: 'again-token-1' } } } });
    await succeed(both);
    // And forward again.
    const forward = await applied(await back(id, { version: 4 }, 'db'));
    expect((await desired(forward, 'db'))[0]?.hash).toBe(during[0]?.[0]?.hash);
  });

  it('is planned by a dry run that stores no version, and carried out once', async () => {
    const id = await twoVersions('planned');
    expect((await back(id, { version: 1 }, 'web?x')).status).toBe(404);
    expect((await post(`/api/deploys/${id}/components/web/rollback?dry_run=true`, { version: 1 })).status).toBe(503);
    expect(await context.api.db.version.count({ where: { deploy_id: id } })).toBe(2);
    const only = { base: 2, component: 'web', from: 1 };
    const { secrets } = await context.api.db.versionSecrets.findUniqueOrThrow({ where: { deploy_id_version: { deploy_id: id, version: 2 } } });
    const planned = async (): Promise<string> => {
      const plan = await createPlan(context.api.db, systemActor, { deployId: id, version: 2, only, kind: 'rollback', secrets: z.record(z.string(), z.number()).parse(secrets) });
      const hosts = await Promise.all(['web-01', 'web-02'].map(async (name) => {
        const seen = placements.parse((await host(`/desired?run=${plan}`, {}, name)).body).placements;
        expect(seen.map(({ component }) => component)).toEqual(['web']);
        return { host: name, reachable: true, detail: '', components: [], basis: seen.map(({ component, hash }): PlacementBasis => ({ component, hash, fingerprint: { digest: name, parts: {} } })) };
      }));
      expect((await host(`/desired?run=${plan}&component=db`)).status).toBe(404);
      await recordPlan(context.api.db, plan, { hosts });
      return plan;
    };
    const [plan, other] = [await planned(), await planned()];
    expect(await refusal(back(id, { version: 2, plan_id: plan }))).toEqual([409, expect.stringContaining('it is a plan of web of version 1 in version 2, and web of version 2 in version 2 was asked for')]);
    expect(await refusal(back(id, { version: 1, plan_id: plan }, 'db'))).toEqual([409, expect.stringContaining('and db of version 1 in version 2 was asked for')]);
    expect(await refusal(post(`/api/deploys/${id}/rollback/2`, { plan_id: plan }))).toEqual([409, expect.stringContaining('and version 2 was asked for')]);
    const rollout = await applied(await back(id, { version: 1, plan_id: plan }));
    expect((await desired(rollout, 'web'))[0]?.planned).toEqual({ digest: 'web-01', parts: {} });
    expect(await refusal(back(id, { version: 1, plan_id: plan }))).toEqual([409, expect.stringContaining('was applied already')]);
    await succeed(rollout);
    expect(await refusal(back(id, { version: 1, plan_id: other }))).toEqual([409, expect.stringContaining('does not hold any more')]);
    expect(await context.api.db.version.count({ where: { deploy_id: id } })).toBe(3);
  });

  it('is done once for an Idempotency-Key, and is in the audit; a rollout that runs is in its way', async () => {
    const id = await twoVersions('once');
    const send = (key: string): Promise<Answer> => back(id, { version: 1 }, 'web', { headers: { 'idempotency-key': key } });
    const [first, again] = [await send('one'), await send('one')];
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(await send('two')).toMatchObject({ status: 409, body: { code: 'conflict', details: { rollout_id: started.parse(first.body).rollout_id } } });
    expect(await context.api.db.version.count({ where: { deploy_id: id } })).toBe(3);
    const entry = await context.api.db.auditEntry.findFirst({ where: { action: 'rollout.rollback', target: started.parse(first.body).rollout_id } });
    expect(entry?.details).toMatchObject({ deploy_id: id, version: 3, parent: 2, component: 'web', component_from: 1 });
    const others = await Promise.all(Array.from({ length: 10 }, () => back(id, { version: 1 })));
    expect(others.every(({ status }) => status === 409)).toBe(true);
  });

  it('keeps its version while it is paused, and can be taken back itself', async () => {
    const id = await twoVersions('paused');
    const rollout = await applied(await back(id, { version: 1 }));
    await startRollout(context.api.db, rollout);
    await recordSteps(context.api.db, rollout, [{ step: 'web-01/web', state: 'succeeded', attempt: 1, reason: '' }, { step: 'web-02/web', state: 'failed', attempt: 1, reason: 'x' }]);
    await recordRolloutState(context.api.db, rollout, { state: 'paused', reason: 'x' });
    expect(await retargetRollout(context.api.db, rollout, 2, 'tess')).toMatchObject({ refused: expect.stringContaining('keeps its version') as string });
    const opened = await openRollback(context.api.db, rollout, { trigger: null, asked_by: 'tess', reason: '' });
    expect(opened).toMatchObject({ version: 4 });
    const { graph, version: number } = await loadRollout(context.api.db, 'rollout_id' in opened ? opened.rollout_id : '');
    expect([number, graph.steps.map((step) => step.id)]).toEqual([4, ['web-01/web', 'web-02/web']]);
    expect((await desired('rollout_id' in opened ? opened.rollout_id : '', 'web'))[0]).toMatchObject({ run: { pinned: `web:moving@${digest('d')}`, env: { TAG: '2' }, secret_env: { TOKEN: { content: 'paused-token-2' } } } });
  });

  it('refuses what is not there, what is not asked well, and whom it does not concern', async () => {
    const id = await twoVersions('refused');
    expect(await refusal(back(id, { version: 9 }))).toEqual([404, expect.stringContaining('has no version 9')]);
    expect(await refusal(back(id, { version: 1 }, 'mail'))).toEqual([404, 'v1 has no component "mail"']);
    expect(await refusal(back('dpl_0000000000000000', { version: 1 }))).toEqual([404, expect.any(String)]);
    expect((await back(id, {})).status).toBe(422);
    expect((await back(id, { version: 1, host: 'web-01' })).status).toBe(422);
    expect((await back(id, { version: 1, expected_version: 1 })).status).toBe(409);
    expect(await refusal(post(`/api/deploys/${id}/components/web/rollback?host=web-01`, { version: 1 }))).toEqual([422, 'A rollback of web on web-01 alone cannot be expressed: a version is the same on all of its hosts']);
    expect(await back(id, { version: 1 }, 'web', { as: context.api.people.viewer })).toMatchObject({ status: 403, body: { details: { missing_right: 'deploy.rollback' } } });
    const { deploy_id: fresh } = z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { yaml: doc('fresh', one('db', '1'), one('web', '1')), files: filesOf('1') })).body);
    expect(await refusal(back(fresh, { version: 1 }))).toEqual([409, expect.stringContaining('has no active version')]);
    expect(await context.api.db.version.count({ where: { deploy_id: id } })).toBe(2);
  });

  it.each<[string, Versions, string]>([
    ['a file that others use, too', { first: [one('db', '1'), one('web', '1').replace('web.j2', 'db.j2')] }, 'web cannot be taken back alone: v1 has db.j2 in another form, which other components use, too'],
    ['others that draw on it', { second: [one('db', "{{ components['web'].run.env.TAG }}"), one('web', '2')] }, 'web cannot be taken back alone: db would change with it, since what it is rendered from is part of web'],
    ['secrets that come from elsewhere by now', { first: [`${one('db', '1')}`, one('web', '1')], second: [one('db', '2').replace('vault://one/', 'vault://'), `${one('web', '2').replace('vault://one/', 'vault://')}credentials_ref: vault://one\n`] }, 'web cannot be taken back alone: it uses secrets, and v1 has them from another place or file (credentials_ref)'],
  ])('is refused because of %s, and nothing is stored', async (name, versions, message) => {
    const id = await twoVersions(name.replaceAll(/[^a-z]/g, '-'), versions);
    expect(await refusal(back(id, { version: 1 }))).toEqual([409, message]);
    expect(await context.api.db.version.count({ where: { deploy_id: id } })).toBe(2);
    expect(await context.api.db.rollout.count({ where: { deploy_id: id } })).toBe(2);
  });
});
