/** Deploys with secrets: what is missing is named, the host that needs a value gets it and nobody else does, and a version keeps to what it used. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { recordRolloutState } from '../../control/rollouts/index.js';
import { desiredPlacement } from '../../host-worker/control-plane/desired-answer.js';
import { useApi, type Answer, type Ask } from './harness.js';

const yaml = (project: string): string => `api_version: maestro/v1
project: ${project}
hosts: { web-01: {}, web-02: {} }
components:
  api:
    source: { type: docker, image: nginx }
    config:
      secrets: { PASSWORD: "{{ vault://db/${project} }}" }
      templates: [{ source: api.env.j2, dest: /etc/${project}/api.env }]
    run: { type: docker, container_name: ${project}, env: { TOKEN: "t-{{ vault://token/${project} }}" } }
  other:
    source: { type: docker, image: nginx }
    run: { type: docker, container_name: ${project}-other }
deployment:
  - { host: web-01, components: [api] }
  - { host: web-02, components: [other] }
`;
const files = { 'api.env.j2': Buffer.from('PASSWORD={{ PASSWORD }}\n').toString('base64') };

describe('a deploy with secrets', () => {
  const context = useApi();
  const post = (path: string, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, ...options });
  const set = (path: string, value: string): Promise<Answer> => context.api.ask(`/api/secrets/${path}`, { method: 'PUT', json: { value }, as: context.api.people.admin });
  const deploy = async (project: string): Promise<string> => z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { json: { yaml: yaml(project), files } })).body).deploy_id;
  const apply = async (id: string, path = 'apply'): Promise<{ rollout: string; version: number }> => {
    const { status, body } = await post(`/api/deploys/${id}/${path}`);
    expect({ status, body }).toMatchObject({ status: 202 });
    const { rollout_id: rollout, version } = z.object({ rollout_id: z.string(), version: z.number() }).parse(body);
    return { rollout, version };
  };
  const end = (rollout: string): Promise<unknown> => recordRolloutState(context.api.db, rollout, { state: 'succeeded', reason: '' });
  const asked = async (host: string, rollout: string, query = '&component=api&content=1'): Promise<Answer> => context.api.ask(`/host/v1/desired?run=${rollout}${query}`, { headers: context.api.hostHeaders(host) });
  const placementOf = async (rollout: string) => z.object({ placements: z.tuple([desiredPlacement]) }).parse((await asked('web-01', rollout)).body).placements[0];
  const written = async (rollout: string): Promise<string> => Buffer.from((await placementOf(rollout)).files[0]?.content ?? '', 'base64').toString();
  beforeAll(() => context.api.enroll('web-01', 'web-02'));

  it('names all that is missing, in validation and in apply, and opens nothing', async () => {
    const id = await deploy('missing');
    const lines = yaml('missing').split('\n');
    const validated = z.object({ ok: z.boolean(), errors: z.array(z.looseObject({ path: z.string(), line: z.number(), message: z.string() })) }).parse((await post(`/api/deploys/${id}/validate`)).body);
    expect(validated.ok).toBe(false);
    expect(validated.errors.map(({ path, message, line }) => [path, message, lines[line - 1]?.includes('vault://')])).toEqual([
      ['components.api.run.env.TOKEN', 'there is no secret "token/missing" in the vault', true], ['components.api.config.secrets.PASSWORD', 'there is no secret "db/missing" in the vault', true],
    ].toSorted(([a], [b]) => validated.errors.findIndex(({ path }) => path === a) - validated.errors.findIndex(({ path }) => path === b)));
    expect(await post(`/api/deploys/${id}/apply`)).toMatchObject({ status: 422, body: { code: 'validation_error', errors: [{ code: 'validation_error' }, { code: 'validation_error' }] } });
    expect(await context.api.db.rollout.count({ where: { deploy_id: id } })).toBe(0);
    await set('db/missing', 'first-password');
    await set('token/missing', 'first-token');
    await apply(id);
  });

  it('gives the values to the host that needs them, while it does, and to no other', async () => {
    const [password, token] = [randomUUID(), randomUUID()];
    await set('db/given', password);
    await set('token/given', token);
    const { rollout } = await apply(await deploy('given'));
    const placement = await placementOf(rollout);
    expect(await written(rollout)).toBe(`PASSWORD=${password}\n`);
    expect(placement).toMatchObject({ run: { env: {}, secret_env: { TOKEN: { content: `t-${token}` } } }, files: [{ keyed: true }] });
    expect(placement.redact?.toSorted()).toEqual([password, token].toSorted());
    const others = [await asked('web-01', rollout, ''), await asked('web-02', rollout, ''), await asked('web-02', rollout), await asked('web-02', rollout, '&component=other&content=1')];
    expect(others.map(({ status }) => status)).toEqual([200, 200, 404, 200]);
    for (const { text } of others) for (const value of [password, token]) expect(text).not.toContain(value);
    expect(others[3]?.text).not.toContain('digest_key');
    await end(rollout);
    expect((await asked('web-01', rollout)).status).toBe(404);
  });

  it('keeps a version to the secrets that it used first; a new version uses new ones, and a rollback the old ones', async () => {
    await set('db/kept', 'one-one-one');
    await set('token/kept', 'token-token');
    const id = await deploy('kept');
    // Nothing was rolled out yet, so that the latest one counts.
    await post(`/api/deploys/${id}/validate`);
    await set('db/kept', 'two-two-two');
    const first = await apply(id);
    expect(await written(first.rollout)).toBe('PASSWORD=two-two-two\n');
    const { hash } = await placementOf(first.rollout);
    await set('db/kept', 'three-three');
    expect(await written(first.rollout)).toBe('PASSWORD=two-two-two\n');
    await end(first.rollout);
    const again = await apply(id);
    expect([again.version, await written(again.rollout), (await placementOf(again.rollout)).hash]).toEqual([1, 'PASSWORD=two-two-two\n', hash]);
    await end(again.rollout);
    await post(`/api/deploys/${id}/versions`, { json: { yaml: yaml('kept'), files } });
    const second = await apply(id);
    expect([second.version, await written(second.rollout)]).toEqual([2, 'PASSWORD=three-three\n']);
    expect((await placementOf(second.rollout)).hash).not.toBe(hash);
    await end(second.rollout);
    const back = await apply(id, 'rollback/1');
    expect([back.version, await written(back.rollout), (await placementOf(back.rollout)).hash]).toEqual([3, 'PASSWORD=two-two-two\n', hash]);
    await end(back.rollout);
  });

  it('is refused, and says why, when what it used is gone', async () => {
    await set('db/gone', 'here-for-now');
    await set('token/gone', 'token-token');
    const id = await deploy('gone');
    const { rollout } = await apply(id);
    expect((await asked('web-01', rollout)).status).toBe(200);
    expect((await context.api.ask('/api/secrets/db/gone', { method: 'DELETE', as: context.api.people.admin })).status).toBe(204);
    const { status, text } = await asked('web-01', rollout);
    expect(status).toBe(422);
    expect(text).toContain('there is no secret \\"db/gone\\" in the vault');
    await end(rollout);
    // Set again it is another one: the number that the version has kept does not come back.
    await set('db/gone', 'another-one');
    expect((await post(`/api/deploys/${id}/apply`)).status).toBe(422);
    await post(`/api/deploys/${id}/versions`, { json: { yaml: yaml('gone'), files } });
    await apply(id);
  });

  it('leaves no value in the database, the log, the files of the control plane or an answer', async () => {
    const [password, token] = [randomUUID(), randomUUID()];
    await set('db/swept', password);
    await set('token/swept', token);
    const id = await deploy('swept');
    const { rollout } = await apply(id);
    await written(rollout);
    const tables = await context.api.db.$queryRaw<{ name: string }[]>`SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`;
    const rows = await Promise.all(tables.map(({ name }) => context.api.db.$queryRawUnsafe<{ row: string }[]>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`)));
    const paths = [`/api/deploys/${id}`, `/api/deploys/${id}/versions/1`, `/api/rollouts/${rollout}`, `/api/rollouts/${rollout}/events`, '/api/audit', '/api/secrets', '/api/nodes'];
    const answers = await Promise.all([...paths.map((path) => context.api.ask(path, { as: context.api.people.admin })), post(`/api/deploys/${id}/validate`)]);
    const kept = await Promise.all((await readdir(context.api.dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')));
    const swept = JSON.stringify([rows, answers.map(({ text }) => text), context.api.log, kept]);
    expect(rows.flat().length).toBeGreaterThan(20);
    expect(swept).toContain(rollout);
    for (const value of [password, token]) expect(swept).not.toContain(value);
  });
});
