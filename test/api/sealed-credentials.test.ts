/** A bundle's own sealed secrets (credentials_ref), and a part of the vault as the place of all references. */
import { z } from 'zod';
import { recordRolloutState } from '../../control/rollouts/index.js';
import { desiredPlacement } from '../../host-worker/control-plane/desired-answer.js';
import { useApi, type Answer, type Ask } from './harness.js';

const yaml = (project: string, reference: string): string => `api_version: maestro/v1
project: ${project}
credentials_ref: ${reference}
hosts: { web-01: {} }
components:
  api:
    source: { type: docker, image: nginx }
    run: { type: docker, container_name: ${project}, env: { PASSWORD: "{{ vault://db/password }}" } }
deployment:
  - { host: web-01, components: [api] }
`;

describe('credentials_ref', () => {
  const context = useApi();
  const post = (path: string, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.admin, ...options });
  const sealed = async (secrets: Record<string, string>): Promise<string> => z.object({ file: z.string() }).parse((await post('/api/secrets/seal', { json: { secrets } })).body).file;
  const complaints = async (file: string, reference = './credentials.yaml'): Promise<unknown> => {
    const { body } = await post('/api/validate', { json: { yaml: yaml('complaints', reference), files: { 'credentials.yaml': Buffer.from(file).toString('base64') } } });
    return z.object({ errors: z.array(z.object({ path: z.string(), line: z.number(), message: z.string() })) }).parse(body).errors;
  };
  /** What a host gets once the deploy is applied. */
  const password = async (project: string, reference: string, files: Record<string, string> = {}): Promise<string | undefined> => {
    const created = z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { json: { yaml: yaml(project, reference), files } })).body);
    const { body, status } = await post(`/api/deploys/${created.deploy_id}/apply`);
    expect({ status, body }).toMatchObject({ status: 202 });
    const { rollout_id: run } = z.object({ rollout_id: z.string() }).parse(body);
    const answer = await context.api.ask(`/host/v1/desired?run=${run}&component=api&content=1`, { headers: context.api.hostHeaders('web-01') });
    await recordRolloutState(context.api.db, run, { state: 'succeeded', reason: '' });
    const { placements: [placement] } = z.object({ placements: z.tuple([desiredPlacement]) }).parse(answer.body);
    return placement.run.type === 'docker' ? placement.run.secret_env?.['PASSWORD']?.content : undefined;
  };
  beforeAll(() => context.api.enroll('web-01'));

  it('a sealed file of the bundle holds what its document needs, and shows nothing of it', async () => {
    const file = await sealed({ 'db/password': 'from the bundle' });
    expect(file).not.toContain('bundle');
    expect(file).not.toContain(Buffer.from('from the bundle').toString('base64').slice(0, 12));
    expect(await password('sealed', './credentials.yaml', { 'credentials.yaml': Buffer.from(file).toString('base64') })).toBe('from the bundle');
    expect((await context.api.ask('/api/secrets', { as: context.api.people.admin })).text).not.toContain('db/password');
  });

  it('a part of the vault is what all paths of the document are in', async () => {
    await context.api.ask('/api/secrets/prod/db/password', { method: 'PUT', json: { value: 'of production' }, as: context.api.people.admin });
    expect(await password('mounted', '"vault://prod"')).toBe('of production');
    expect(await complaints('', '"vault://test"')).toEqual([{ path: 'components.api.run.env.PASSWORD', line: 8, message: 'there is no secret "test/db/password" in the vault' }]);
  });

  it('a file that cannot be used is one clear error at its place, and what is missing in one is named', async () => {
    const file = await sealed({ 'db/password': 'from the bundle' });
    const lines = file.trimEnd().split('\n');
    const at = { path: 'credentials_ref', line: 3 };
    expect(await complaints('db: { password: in clear }\n')).toEqual([{ ...at, message: 'credentials.yaml is not a file of sealed secrets' }]);
    expect(await complaints(lines.slice(0, -1).join('\n'))).toEqual([{ ...at, message: expect.stringMatching(/credentials.yaml is damaged/) as string }]);
    const last = lines.at(-1) ?? '';
    for (let bit = 0; bit < 6; bit += 1) {
      const flipped = Buffer.from(lines.slice(3).join('').replaceAll(' ', ''), 'base64');
      const byte = Math.floor((flipped.length * (bit + 1)) / 7);
      flipped[byte] = (flipped[byte] ?? 0) ^ (1 << bit);
      const damaged = [...lines.slice(0, 3), `  ${flipped.toString('base64')}`].join('\n');
      expect([last, await complaints(damaged)]).toEqual([last, [{ ...at, message: expect.stringMatching(/is damaged|does not open with this key file/) as string }]]);
    }
    expect(await complaints(await sealed({ 'db/other': 'x' }))).toEqual([{ path: 'components.api.run.env.PASSWORD', line: 8, message: 'there is no secret "db/password" in credentials.yaml' }]);
    expect(await complaints(file, 'prod')).toEqual([{ ...at, message: '"prod" is neither a file of the bundle nor a part of the vault' }]);
    expect(await complaints(file, './other.yaml')).toEqual([{ ...at, message: 'the bundle has no file "other.yaml"' }]);
  });

  it('sealing takes a right, stores nothing, and leaves an entry without values', async () => {
    const refused = await post('/api/secrets/seal', { json: { secrets: { a: 'b' } }, as: context.api.people.operator });
    expect(refused).toMatchObject({ status: 403, body: { details: { missing_right: 'secret.write' } } });
    await sealed({ 'audited/one': 'value-of-audited' });
    const audit = JSON.stringify(await context.api.db.auditEntry.findMany({ where: { action: 'secret.seal' }, select: { action: true, target: true, details: true } }));
    expect(audit).toContain('secret.seal');
    expect(audit + context.api.log.join('')).not.toContain('value-of-audited');
    for (const secrets of [{}, { '../x': 'y' }, { a: '' }]) expect((await post('/api/secrets/seal', { json: { secrets } })).status).toBe(422);
  });
});
