/** Logins for sources in deploys: validated, kept to their version, and given to the host that fetches, while it does, and in no other answer. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { recordRolloutState } from '../../control/rollouts/index.js';
import { desiredPlacement } from '../../host-worker/control-plane/desired-answer.js';
import { useApi, type Answer, type Ask } from './harness.js';

const yaml = (project: string): string => `api_version: maestro/v1
project: ${project}
hosts: { web-01: {}, web-02: {} }
components:
  api:
    source: { type: docker, image: ghcr.io/acme/${project}, credentials_ref: "vault://registry/${project}" }
    run: { type: docker, container_name: ${project} }
  other:
    source: { type: docker, image: nginx }
    run: { type: docker, container_name: ${project}-other }
deployment:
  - { host: web-01, components: [api] }
  - { host: web-02, components: [other] }
`;

describe('a deploy with the login for a registry', () => {
  const context = useApi();
  const post = (path: string, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, ...options });
  const set = (path: string, value: string): Promise<Answer> => context.api.ask(`/api/secrets/${path}`, { method: 'PUT', json: { value }, as: context.api.people.admin });
  const deploy = async (project: string): Promise<string> => z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { json: { yaml: yaml(project) } })).body).deploy_id;
  const apply = async (id: string, path = 'apply'): Promise<string> => {
    const { status, body } = await post(`/api/deploys/${id}/${path}`);
    expect({ status, body }).toMatchObject({ status: 202 });
    return z.object({ rollout_id: z.string() }).parse(body).rollout_id;
  };
  const end = (rollout: string): Promise<unknown> => recordRolloutState(context.api.db, rollout, { state: 'succeeded', reason: '' });
  const asked = (host: string, run: string, query: string): Promise<Answer> => context.api.ask(`/host/v1/desired?run=${run}${query}`, { headers: context.api.hostHeaders(host) });
  const placementOf = async (run: string) => z.object({ placements: z.tuple([desiredPlacement]) }).parse((await asked('web-01', run, '&content=credential')).body).placements[0];
  beforeAll(() => context.api.enroll('web-01', 'web-02'));

  it('names a secret that is missing, or is no login, at its key', async () => {
    const id = await deploy('missing');
    const told = async (): Promise<unknown> => z.looseObject({ errors: z.array(z.object({ path: z.string(), message: z.string() })) }).parse((await post(`/api/deploys/${id}/validate`)).body).errors;
    expect(await told()).toEqual([{ path: 'components.api.source.credentials_ref', message: 'there is no secret "registry/missing" in the vault' }]);
    expect(await post(`/api/deploys/${id}/apply`)).toMatchObject({ status: 422 });
    await set('registry/missing', 'only-a-token');
    expect(await told()).toEqual([{ path: 'components.api.source.credentials_ref', message: 'the secret "registry/missing" is no login for ghcr.io: it is not a user and a password' }]);
    await set('registry/missing', 'deploy:a-password');
    expect(await told()).toEqual([]);
  });

  it('gives it to the host that fetches, when it asks for it, while its run is open, and to no other', async () => {
    const password = randomUUID();
    await set('registry/given', `deploy:${password}`);
    const rollout = await apply(await deploy('given'));
    expect((await placementOf(rollout)).credential).toMatchObject({ origin: 'ghcr.io', content: `deploy:${password}` });
    const others = await Promise.all([
      asked('web-01', rollout, ''), asked('web-01', rollout, '&component=api&content=1'), asked('web-02', rollout, '&content=credential'), asked('web-02', rollout, '&component=api&content=credential'), asked('web-01', `log_${'a'.repeat(20)}`, '&content=credential'),
      context.api.ask('/host/v1/watched', { headers: context.api.hostHeaders('web-01') }), context.api.ask(`/api/rollouts/${rollout}`, { as: context.api.people.admin }),
    ]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 404, 422, 200, 200]);
    for (const { text } of others) expect(text).not.toContain(password);
    await end(rollout);
    expect((await asked('web-01', rollout, '&content=credential')).status).toBe(404);
  });

  it('keeps a version to the one that it used first, as with every secret, and to the same hash with any', async () => {
    await set('registry/kept', 'deploy:one-one-one');
    const id = await deploy('kept');
    const first = await apply(id);
    const { hash } = await placementOf(first);
    await set('registry/kept', 'deploy:two-two-two');
    expect((await placementOf(first)).credential?.content).toBe('deploy:one-one-one');
    await end(first);
    await post(`/api/deploys/${id}/versions`, { json: { yaml: yaml('kept') } });
    const second = await apply(id);
    expect(await placementOf(second)).toMatchObject({ hash, credential: { content: 'deploy:two-two-two' } });
    await end(second);
    const back = await apply(id, 'rollback/1');
    expect(await placementOf(back)).toMatchObject({ hash, credential: { content: 'deploy:one-one-one' } });
    await end(back);
  });
});
