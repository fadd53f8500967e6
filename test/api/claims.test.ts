/** Deploys that want the same of a host: validate warns, apply and rollback refuse and name whoever has it. */
import { z } from 'zod';
import { recordRolloutState } from '../../control/rollouts/index.js';
import { counts, useApi, type Answer, type Ask } from './harness.js';

const started = z.object({ rollout_id: z.string(), version: z.number() });
const finding = z.object({ code: z.string(), path: z.string(), line: z.number(), column: z.number(), message: z.string(), suggested_fix: z.string().min(5) });
const problem = z.object({ code: z.string(), message: z.string(), suggested_fix: z.string().min(5), details: z.record(z.string(), z.unknown()), errors: z.array(finding) });
const validation = z.object({ ok: z.boolean(), errors: z.array(finding), warnings: z.array(finding) });

interface Wanted { ports?: string; volumes?: string; container?: string; folder?: string; template?: string }

/** One container on web-01 that takes what is wanted; the lines of the document do not depend on it. */
const taking = (project: string, { ports = '', volumes = '', container = project, folder, template }: Wanted): string => `api_version: maestro/v1
project: ${project}
hosts:
  web-01: {}
components:
  app:
    source: { type: docker, image: nginx }
    run:
      type: docker
      container_name: ${container}
      ports: [${ports}]
      volumes: [${volumes}]
    config:
      files: [${folder === undefined ? '' : `{ source: site, dest: ${folder} }`}]
      templates: [${template === undefined ? '' : `{ source: a.j2, dest: ${template} }`}]
deployment:
  - { host: web-01, components: [app] }
`;
const files = { 'a.j2': Buffer.from('a').toString('base64'), 'site/index.html': Buffer.from('hello').toString('base64') };

describe('deploys on one host', () => {
  const context = useApi();
  const post = (path: string, options: Ask = {}): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, ...options });
  const deploy = async (name: string, wanted: Wanted): Promise<string> => z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { json: { yaml: taking(name, wanted), files } })).body).deploy_id;
  const submit = (id: string, name: string, wanted: Wanted): Promise<Answer> => post(`/api/deploys/${id}/versions`, { json: { yaml: taking(name, wanted), files } });
  const end = (rollout: string, state: 'succeeded' | 'aborted' = 'succeeded'): Promise<unknown> => recordRolloutState(context.api.db, rollout, { state, reason: '' });
  const apply = async (id: string, json: object = {}): Promise<string> => {
    const answer = await post(`/api/deploys/${id}/apply`, { json });
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ rollout_id: expect.any(String) })]);
    return started.parse(answer.body).rollout_id;
  };
  const active = async (name: string, wanted: Wanted): Promise<string> => {
    const id = await deploy(name, wanted);
    await end(await apply(id));
    return id;
  };
  const refused = async (path: string): Promise<z.infer<typeof problem>> => {
    const before = await counts(context.api.db);
    const answer = await post(path, { json: {} });
    expect([answer.status, answer.body]).toEqual([409, expect.objectContaining({ code: 'conflict' })]);
    expect(await counts(context.api.db)).toEqual(before);
    return problem.parse(answer.body);
  };
  const warnings = async (path: string, json: object = {}): Promise<z.infer<typeof finding>[]> => {
    const { ok, errors, warnings: found } = validation.parse((await post(path, { json })).body);
    expect([ok, errors]).toEqual([true, []]);
    return found.filter(({ code }) => code === 'conflict');
  };

  beforeAll(() => context.api.enroll('web-01'));

  it('validate warns, and apply and rollback refuse, with everything that is taken at its place', async () => {
    const first = await active('first', { ports: '"8000-8010:8000-8010", "53:53/udp"', container: 'shared', folder: '/srv/site' });
    const wanted: Wanted = { ports: '"127.0.0.1:8005:80", "53:53", "[::]:53:53/udp"', container: 'shared', template: '/srv/site/app.conf' };
    const second = await deploy('second', wanted);
    const found = await warnings(`/api/deploys/${second}/validate`);
    const by = `on web-01 is taken by the deploy first (${first}), component app`;
    expect(found.map(({ path, line, column, message }) => [path, line, column, message])).toEqual([
      ['components.app.run.container_name', 10, 23, `the container shared ${by}`],
      ['components.app.run.ports[0]', 11, 15, `port 8005/tcp ${by}`],
      ['components.app.run.ports[2]', 11, 45, `port 53/udp ${by}`],
      ['components.app.config.templates[0].dest', 15, 41, `/srv/site/app.conf ${by}: it is inside of /srv/site`],
    ]);
    expect(await warnings('/api/validate', { yaml: taking('second', wanted), files })).toEqual(found);
    for (const verb of ['apply', 'rollback/1']) {
      const { message, errors, details } = await refused(`/api/deploys/${second}/${verb}`);
      expect(errors).toEqual(found);
      expect(message).toBe(`the container shared ${by}; 3 more of what it needs are taken as well`);
      expect(details['clashes']).toEqual(expect.arrayContaining([{ what: 'port 8005/tcp', hosts: ['web-01'], component: 'app', deploy_id: first, deploy_name: 'first', deploy_component: 'app' }]));
    }
    expect(await warnings(`/api/deploys/${first}/validate`)).toEqual([]);
  });

  it('a folder cannot be flipped where another deploy has put a file', async () => {
    await active('settings', { template: '/srv/blog/current/a.conf' });
    const id = await deploy('blog', { folder: '/srv/blog' });
    expect((await refused(`/api/deploys/${id}/apply`)).errors).toEqual([expect.objectContaining({ path: 'components.app.config.files[0].dest', line: 14, message: expect.stringMatching(/^\/srv\/blog on web-01 is taken by the deploy settings .*: \/srv\/blog\/current\/a\.conf is inside of it$/) as string })]);
  });

  it('a shared volume is a warning, and can be applied', async () => {
    await active('writer', { volumes: '"data:/data"' });
    const id = await deploy('reader', { volumes: '"data:/data:ro"' });
    expect(await warnings(`/api/deploys/${id}/validate`)).toEqual([expect.objectContaining({ path: 'components.app.run.volumes[0]', line: 12, column: 17, message: expect.stringContaining('is also used by the deploy writer') as string })]);
    await apply(id);
  });

  it('what was never applied, and what was deleted, is in nobody\'s way', async () => {
    const never = await deploy('never', { ports: '"7000:80"' });
    const later = await active('later', { ports: '"7000:80"' });
    expect((await refused(`/api/deploys/${never}/apply`)).message).toContain(`the deploy later (${later})`);
    expect((await context.api.ask(`/api/deploys/${later}`, { method: 'DELETE', as: context.api.people.operator })).status).toBe(204);
    expect(await warnings(`/api/deploys/${never}/validate`)).toEqual([]);
    await apply(never);
  });

  it('a deploy that has moved away leaves its port to others, and cannot go back while they have it', async () => {
    const mover = await active('mover', { ports: '"7100:80"' });
    const next = await deploy('next', { ports: '"7100:80"' });
    await submit(mover, 'mover', { ports: '"7101:80"' });
    const moving = await apply(mover);
    await refused(`/api/deploys/${next}/apply`);
    await end(moving);
    await end(await apply(next));
    expect((await refused(`/api/deploys/${mover}/rollback/1`)).message).toContain(`the deploy next (${next})`);
    await end(await apply(mover));
  });

  it('of two applies at the same time that want one port exactly one is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const pair = await Promise.all(['left', 'right'].map((side) => deploy(`${side}-${round}`, { ports: `"${7200 + round}:80"` })));
      const answers = await Promise.all(pair.map((id) => post(`/api/deploys/${id}/apply`, { json: {} })));
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
      const winner = pair[answers.findIndex(({ status }) => status === 202)] ?? '';
      expect(problem.parse(answers.find(({ status }) => status === 409)?.body).message).toContain(winner);
    }
  });
});
