/** Grants and limits: what is narrowed away is as good as absent, over REST and over the events socket, for people and keys alike. */
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { routes } from '../../api/routes/index.js';
import { systemActor } from '../../control/actor.js';
import { createUser, login } from '../../control/auth/index.js';
import { inTransaction } from '../../control/database.js';
import { appendEvents } from '../../control/events/index.js';
import { createPlan } from '../../control/plans/index.js';
import { recordRolloutState } from '../../control/rollouts/index.js';
import type { Grants } from '../../control/access/index.js';
import type { Role } from '../../spec/words.js';
import { password, useApi, type Answer, type Credential } from './harness.js';

const documentOn = (project: string, ...hosts: string[]): string => [
  'api_version: maestro/v1', `project: ${project}`, 'hosts:', ...hosts.map((host) => `  ${host}: {}`),
  'components:', `  web: { source: { type: docker, image: nginx, tag: "1" }, run: { type: docker, container_name: ${project}-web } }`,
  'deployment:', `  - hosts: [${hosts.join(', ')}]`, '    components: [web]', '',
].join('\n');

const codeOf = ({ body }: Answer): unknown => z.object({ code: z.string() }).safeParse(body).data?.code;
const itemsOf = <K extends string>({ body }: Answer, key: K): string[] => z.object({ items: z.array(z.looseObject({ [key]: z.string() })) }).parse(body).items.map((item) => String(item[key]));
/** What a refusal says, but for what was asked for and when. */
const told = ({ status, body }: Answer, id: string): unknown => [status, JSON.parse(JSON.stringify({ ...z.looseObject({}).parse(body), request_id: '' }).replaceAll(id, 'ID'))];

interface World { mine: string; other: string; mineRollout: string; otherRollout: string; minePlan: string; otherPlan: string }

describe('somebody who is narrowed', () => {
  const context = useApi({ deps: { socketTimes: { pingMs: 15_000, recheckMs: 100 } } });
  let world: World;
  let people = 0;

  const submit = async (project: string, as: Credential, ...hosts: string[]): Promise<Answer> => context.api.ask('/api/deploys', { as, json: { yaml: documentOn(project, ...hosts) } });
  const idIn = (answer: Answer, key: string): string => String(z.looseObject({ [key]: z.string() }).parse(answer.body)[key]);
  const nodeId = async (name: string): Promise<string> => (await context.api.db.node.findUniqueOrThrow({ where: { name } })).id;
  const tag = async (host: string, ...tags: string[]): Promise<Answer> => context.api.ask(`/api/nodes/${await nodeId(host)}/tags`, { method: 'PUT', as: context.api.people.admin, json: { tags } });

  const person = async (role: Role, grants: Grants): Promise<{ cookie: string; id: string; credential: { cookie: string } }> => {
    people += 1;
    const username = `person-${people}`;
    const { user_id: id } = await createUser(context.api.db, systemActor, { username, password, role, grants });
    const cookie = `session=${(await login(context.api.db, { username, password })).token}`;
    return { id, cookie, credential: { cookie } };
  };
  const keyOf = async (as: Credential, rights: string[], limits: object): Promise<{ authorization: string; id: string }> => {
    const made = await context.api.ask('/api/auth/keys', { as, json: { name: 'k', rights, limits } });
    expect(made.status).toBe(201);
    const { key, key_id: id } = z.object({ key: z.string(), key_id: z.string() }).parse(made.body);
    return { authorization: `Bearer ${key}`, id };
  };
  const bearer = ({ authorization }: { authorization: string }): Credential => ({ authorization });

  const rolledOut = async (deployId: string): Promise<{ rollout: string; plan: string }> => {
    const { api } = context;
    const applied = await api.ask(`/api/deploys/${deployId}/apply`, { method: 'POST', as: api.people.admin });
    expect(applied.status).toBe(202);
    return { rollout: idIn(applied, 'rollout_id'), plan: await createPlan(api.db, systemActor, { deployId, version: 1 }) };
  };

  beforeAll(async () => {
    const { api } = context;
    await api.enroll('web-01', 'web-02', 'db-01');
    expect((await tag('web-01', 'staging')).status).toBe(200);
    await tag('web-02', 'staging', 'edge', 'edge');
    await tag('db-01', 'production');
    const mine = idIn(await submit('mine', api.people.admin, 'web-01'), 'deploy_id');
    const other = idIn(await submit('other', api.people.admin, 'web-02', 'db-01'), 'deploy_id');
    const [a, b] = [await rolledOut(mine), await rolledOut(other)];
    world = { mine, other, mineRollout: a.rollout, otherRollout: b.rollout, minePlan: a.plan, otherPlan: b.plan };
  });

  /** Both ways to be narrowed to the deploy `mine`, as people and as keys. */
  const narrowed = async (): Promise<Record<string, Credential>> => {
    const { api } = context;
    const rights = ['deploy.read', 'deploy.write', 'deploy.apply', 'deploy.rollback', 'component.operate', 'node.read', 'secret.read_names', 'artifact.write'];
    const byDeploy = await person('operator', { deploys: [world.mine] });
    const wide = await person('operator', {});
    return {
      'an operator narrowed to a deploy': byDeploy.credential,
      'an operator narrowed to a host tag': (await person('operator', { host_tags: ['staging'] })).credential,
      'an operator narrowed to both': (await person('operator', { deploys: [world.mine, world.other], host_tags: ['staging'] })).credential,
      'a key limited to a deploy': bearer(await keyOf(wide.credential, rights, { deploys: [world.mine] })),
      'a key limited to a host tag': bearer(await keyOf(wide.credential, rights, { host_tags: ['staging', 'nothing'] })),
      'an unlimited key of a narrowed owner': bearer(await keyOf(byDeploy.credential, rights, {})),
      'an administrator\'s key limited to a deploy': bearer(await keyOf(api.people.admin, [...rights, 'deploy.approve', 'component.remove', 'audit.read'], { deploys: [world.mine] })),
    };
  };

  it('sees in every list what the grants leave, and nothing else', async () => {
    const { api } = context;
    for (const [who, as] of Object.entries(await narrowed())) {
      expect([who, itemsOf(await api.ask('/api/deploys', { as }), 'name')]).toEqual([who, ['mine']]);
      expect([who, itemsOf(await api.ask('/api/rollouts', { as }), 'rollout_id')]).toEqual([who, [world.mineRollout]]);
      expect([who, itemsOf(await api.ask(`/api/rollouts?deploy_id=${world.other}`, { as }), 'rollout_id')]).toEqual([who, []]);
      const nodes = itemsOf(await api.ask('/api/nodes', { as }), 'name');
      expect([who, nodes]).toEqual([who, who.includes('tag') || who.includes('both') ? ['web-01', 'web-02'] : ['web-01']]);
      expect([who, (await api.ask('/api/auth/me', { as })).body]).toEqual([who, expect.objectContaining({ narrowed: true })]);
    }
    expect(itemsOf(await api.ask('/api/deploys', { as: api.people.operator }), 'name')).toEqual(['mine', 'other']);
  });

  it('T-O1, IDOR sweep: every route with the id of something out of sight answers as if there were no such thing', async () => {
    const { api } = context;
    const ids: Record<string, [string, string]> = {
      deploys: [world.other, `dpl_${'0'.repeat(20)}`], rollouts: [world.otherRollout, `rol_${'0'.repeat(20)}`], nodes: [await nodeId('db-01'), `nod_${'0'.repeat(20)}`],
    };
    const before = await api.db.auditEntry.count({ where: { result: 'ok' } });
    let asked = 0;
    for (const [who, as] of Object.entries(await narrowed())) {
      for (const row of routes) {
        const noun = /^\/api\/(deploys|rollouts|nodes)\/\{id\}/.exec(row.path)?.[1];
        if (noun === undefined) continue;
        const ask = (id: string): Promise<Answer> =>
          api.ask(row.path.replace('{id}', id).replace('{n}', '1').replace('{cid}', 'web'), { method: row.method.toUpperCase(), as, ...(row.body === null ? {} : { json: {} }) });
        const [hidden, absent] = ids[noun] ?? ['', ''];
        const [first, second] = [await ask(hidden), await ask(absent)];
        expect([who, row.operationId, [403, 404].includes(first.status)]).toEqual([who, row.operationId, true]);
        expect([who, row.operationId, told(first, hidden)]).toEqual([who, row.operationId, told(second, absent)]);
        asked += first.status === 404 ? 1 : 0;
      }
    }
    expect(asked).toBeGreaterThan(120);
    // Keys were made on the way; of deploys, rollouts and nodes nothing was done.
    expect(await api.db.auditEntry.count({ where: { result: 'ok', action: { notIn: ['key.create', 'user.create', 'auth.login'] } } })).toBeLessThanOrEqual(before);
    expect(await api.db.auditEntry.count({ where: { result: 'refused', target: world.other } })).toBeGreaterThan(10);
  });

  it('cannot reach another deploy through the body: its plan, its rollout', async () => {
    const { api } = context;
    for (const [who, as] of Object.entries(await narrowed())) {
      const [stolen, absent] = [world.otherPlan, `pln_${'0'.repeat(20)}`];
      const apply = (plan: string): Promise<Answer> => api.ask(`/api/deploys/${world.mine}/apply`, { as, json: { plan_id: plan } });
      const answers = [await apply(stolen), await apply(absent)];
      expect([who, answers.map(({ status }) => status)]).toEqual([who, [404, 404]]);
    }
  });

  it('is answered the same by the events socket: not found before the upgrade, and never an event of it', async () => {
    const { api } = context;
    for (const [who, as] of Object.entries(await narrowed())) {
      for (const query of [`?deploy_id=${world.other}`, `?rollout_id=${world.otherRollout}`, `?deploy_id=dpl_${'0'.repeat(20)}`]) {
        expect([who, query, await handshake(query, as)]).toEqual([who, query, 404]);
      }
      const { got, close } = await listen('?after=0', as);
      const mark = `mark-${who}`;
      await inTransaction(api.db, (tx) => appendEvents(tx, [
        { type: 'step.output', deploy_id: world.other, rollout_id: world.otherRollout, data: { secret: mark } },
        { type: 'node.state', host: 'db-01', data: { secret: mark } },
        { type: 'plan.created', data: { secret: mark } },
        { type: 'step.output', deploy_id: world.mine, rollout_id: world.mineRollout, data: { mark } },
      ]));
      await until(() => got.some((text) => text.includes(`"mark":"${mark}"`)));
      close();
      const all = got.join('\n');
      expect([who, all.includes(world.other), all.includes(world.otherRollout), all.includes('db-01'), all.includes('"secret"')]).toEqual([who, false, false, false, false]);
      expect(all).toContain(world.mineRollout);
    }
  });

  it('hears of a deploy that comes into sight from its first event on', async () => {
    const { api } = context;
    const { credential } = await person('operator', { host_tags: ['edge'] });
    const { got, close } = await listen('', credential);
    const id = idIn(await submit('newly-made', credential, 'web-02'), 'deploy_id');
    await until(() => got.some((text) => text.includes(id)));
    expect(JSON.parse(got[0] ?? '')).toMatchObject({ type: 'deploy.version', deploy_id: id, data: { version: 1 } });
    expect(itemsOf(await api.ask('/api/deploys', { as: credential }), 'deploy_id')).toEqual([id]);
    close();
  });

  it('places nothing outside of the tags, and is not told which hosts there are', async () => {
    const { api } = context;
    const { credential: as } = await person('operator', { host_tags: ['staging'] });
    const answers = await Promise.all(['db-01', 'no-such'].map(async (host) => told(await submit('reaching', as, 'web-01', host), host)));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject([403, { code: 'permission_denied' }]);
    expect((await api.ask(`/api/deploys/${world.mine}/versions`, { as, json: { yaml: documentOn('mine', 'web-01', 'db-01') } })).status).toBe(403);
    const checked = await Promise.all(['db-01', 'no-such'].map(async (host) => (await api.ask('/api/validate', { as, json: { yaml: documentOn('x', host) } })).text.replaceAll(host, 'HOST')));
    expect(checked[0]).toBe(checked[1]);
    expect(await api.db.deploy.count({ where: { name: 'reaching' } })).toBe(0);
  });

  it('loses sight of a deploy when one of its versions or a host of it leaves the tags', async () => {
    const { api } = context;
    const { credential: as } = await person('operator', { host_tags: ['moving'] });
    await tag('web-01', 'staging', 'moving');
    const id = idIn(await submit('moves', as, 'web-01'), 'deploy_id');
    expect((await api.ask(`/api/deploys/${id}`, { as })).status).toBe(200);
    expect((await api.ask(`/api/deploys/${id}/versions`, { as: api.people.admin, json: { yaml: documentOn('moves', 'web-01', 'web-02') } })).status).toBe(201);
    expect((await api.ask(`/api/deploys/${id}`, { as })).status).toBe(404);
    await tag('web-02', 'staging', 'edge', 'moving');
    expect((await api.ask(`/api/deploys/${id}`, { as })).status).toBe(200);
    await tag('web-01', 'staging');
    expect((await api.ask(`/api/deploys/${id}`, { as })).status).toBe(404);
    await tag('web-02', 'staging', 'edge');
  });

  it('makes no new deploys when narrowed to some, and hears of a taken name without whose it is', async () => {
    const { api } = context;
    const byDeploy = await person('operator', { deploys: [world.mine] });
    expect(await submit('another', byDeploy.credential, 'web-01')).toMatchObject({ status: 403, body: { code: 'permission_denied', details: { missing_right: 'deploy.write' } } });
    const byTag = await person('operator', { host_tags: ['staging'] });
    const taken = await submit('other', byTag.credential, 'web-01');
    expect(taken.status).toBe(409);
    expect(taken.text).not.toContain(world.other);
    expect(await api.db.deploy.count({ where: { name: 'another' } })).toBe(0);
  });

  it('is refused what is for all deploys at once, by name of the right', async () => {
    const { api } = context;
    const limited = await keyOf(api.people.admin, ['secret.write', 'deploy.read'], { deploys: [world.mine] });
    expect(await api.ask('/api/secrets/a/b', { method: 'PUT', as: bearer(limited), json: { value: 'x' } })).toMatchObject({ status: 403, body: { details: { missing_right: 'secret.write', narrowed: true } } });
  });

  it('an empty list leaves nothing, and grants never narrow an administrator', async () => {
    const { api } = context;
    for (const grants of [{ deploys: [] }, { host_tags: [] }, { host_tags: ['nowhere'] }]) {
      const { credential: as } = await person('viewer', grants);
      expect(itemsOf(await api.ask('/api/deploys', { as }), 'name')).toEqual([]);
      expect(itemsOf(await api.ask('/api/nodes', { as }), 'name')).toEqual([]);
    }
    const { id, credential: as } = await person('operator', { deploys: [] });
    expect((await api.ask(`/api/users/${id}`, { method: 'PATCH', as: api.people.admin, json: { role: 'admin', grants: { deploys: [] } } })).status).toBe(422);
    expect((await api.ask(`/api/users/${id}`, { method: 'PATCH', as: api.people.admin, json: { role: 'admin' } })).body).toMatchObject({ role: 'admin', grants: {} });
    expect(itemsOf(await api.ask('/api/deploys', { as }), 'name')).toContain('other');
  });

  it('is narrowed and widened by administrators at the next request, sockets included', async () => {
    const { api } = context;
    const { id, credential: as } = await person('operator', {});
    const change = (grants: object) => api.ask(`/api/users/${id}`, { method: 'PATCH', as: api.people.admin, json: { grants } });
    const { got, close } = await listen('', as);
    expect((await change({ deploys: [world.mine] })).body).toMatchObject({ grants: { deploys: [world.mine] } });
    expect((await api.ask(`/api/deploys/${world.other}`, { as })).status).toBe(404);
    await wait(500);
    await inTransaction(api.db, (tx) => appendEvents(tx, [{ type: 'step.output', deploy_id: world.other, data: { late: true } }, { type: 'step.output', deploy_id: world.mine, data: { fine: true } }]));
    await until(() => got.some((text) => text.includes('"fine"')));
    expect(got.some((text) => text.includes('"late"'))).toBe(false);
    await change({});
    expect((await api.ask(`/api/deploys/${world.other}`, { as })).status).toBe(200);
    close();
  });

  describe('by the limits of a key', () => {
    it('for plans only: may read, validate, submit and diff; whatever changes a host is refused by name, and such rights are not given', async () => {
      const { api } = context;
      const key = bearer(await keyOf(api.people.operator, ['deploy.read', 'deploy.write', 'node.read'], { plan_only: true }));
      expect((await api.ask(`/api/deploys/${world.mine}/validate`, { as: key, json: {} })).status).toBe(200);
      // Temporal is not there; the plan itself was let through.
      expect((await api.ask(`/api/deploys/${world.mine}/diff`, { as: key, json: {} })).status).toBe(503);
      for (const [path, right] of [[`deploys/${world.mine}/apply`, 'deploy.apply'], [`deploys/${world.mine}/rollback/1`, 'deploy.rollback'], [`rollouts/${world.mineRollout}/retry`, 'deploy.apply'], [`deploys/${world.mine}/components/web/stop`, 'component.operate']]) {
        expect(await api.ask(`/api/${path ?? ''}`, { method: 'POST', as: key })).toMatchObject({ status: 403, body: { details: { missing_right: right, limited_by: 'plan_only' } } });
      }
      expect((await api.ask(`/api/deploys/${world.mine}`, { method: 'DELETE', as: key })).status).toBe(403);
      const refused = await api.ask('/api/auth/keys', { as: api.people.operator, json: { name: 'k', rights: ['deploy.apply'], limits: { plan_only: true } } });
      expect([refused.status, codeOf(refused)]).toEqual([422, 'validation_error']);
    });

    it('hosts per day: what would be one host too many is refused with the time to wait, and counts for nothing', async () => {
      const { api } = context;
      const ids = await Promise.all([['day-a', 'web-01'], ['day-b', 'web-02'], ['day-c', 'db-01']].map(async ([project = '', host = '']) => idIn(await submit(project, api.people.admin, host), 'deploy_id')));
      const key = bearer(await keyOf(api.people.operator, ['deploy.read', 'deploy.apply'], { hosts_per_day: 2 }));
      const apply = (id: string): Promise<Answer> => api.ask(`/api/deploys/${id}/apply`, { method: 'POST', as: key });
      const answers = await Promise.all(ids.map(apply));
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 429]);
      const refused = answers.find(({ status }) => status === 429);
      expect(refused?.body).toMatchObject({ code: 'rate_limited', details: { limit: 2, would_be: 3 } });
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await api.db.keyHostUse.count()).toBe(2);
      const open = await api.db.rollout.findMany({ where: { deploy_id: { in: ids }, ended_at: null } });
      expect(open).toHaveLength(2);
      // The same hosts again are not new ones.
      await recordRolloutState(api.db, open[0]?.id ?? '', { state: 'aborted', reason: '' });
      expect((await apply(open[0]?.deploy_id ?? '')).status).toBe(202);
    });

    it('a key cannot manage users or make keys, whatever its owner may', async () => {
      const { api } = context;
      const refused = await api.ask('/api/auth/keys', { as: api.people.admin, json: { name: 'k', rights: ['user.manage'] } });
      expect(refused.status).toBe(422);
      const { id, authorization } = await keyOf(api.people.admin, ['deploy.read'], {});
      await api.db.apiKey.update({ where: { id }, data: { rights: ['deploy.read', 'user.manage'] } });
      expect((await api.ask('/api/users', { as: { authorization } })).status).toBe(403);
      expect((await api.ask('/api/auth/me', { as: { authorization } })).body).toMatchObject({ rights: ['deploy.read'] });
    });

    it('limits that cannot be read leave nothing', async () => {
      const { api } = context;
      const { id, authorization } = await keyOf(api.people.operator, ['deploy.read', 'deploy.apply'], {});
      await api.db.apiKey.update({ where: { id }, data: { limits: { deploys: 'all' } } });
      expect(itemsOf(await api.ask('/api/deploys', { as: { authorization } }), 'name')).toEqual([]);
      expect((await api.ask(`/api/deploys/${world.mine}/apply`, { method: 'POST', as: { authorization } })).status).toBe(403);
    });

    it('T-K1: whatever ends a key ends its sockets within a second: revoking it, its expiry, its owner being disabled', async () => {
      const { api } = context;
      const owner = await person('operator', {});
      const keys = await Promise.all(Array.from({ length: 3 }, () => keyOf(owner.credential, ['deploy.read'], {})));
      const [revoked, expired, orphan] = keys;
      const ends: [string, { authorization: string; id: string } | undefined, () => Promise<unknown>][] = [
        ['revoked', revoked, () => api.ask(`/api/auth/keys/${revoked?.id ?? ''}`, { method: 'DELETE', as: api.people.admin })],
        ['expired', expired, () => api.db.apiKey.update({ where: { id: expired?.id ?? '' }, data: { expires_at: new Date() } })],
        ['disabled', orphan, () => api.ask(`/api/users/${owner.id}`, { method: 'PATCH', as: api.people.admin, json: { disabled: true } })],
      ];
      for (const [how, key, end] of ends) {
        const as = { authorization: key?.authorization ?? '' };
        const { closed } = await listen('', as);
        await end();
        const begun = performance.now();
        expect([how, (await api.ask('/api/deploys', { as })).status]).toEqual([how, 401]);
        expect([how, await closed]).toEqual([how, 1008]);
        expect(performance.now() - begun).toBeLessThan(5_000);
      }
    });

    it('follows its owner down at once', async () => {
      const { api } = context;
      const owner = await person('operator', {});
      const as = bearer(await keyOf(owner.credential, ['deploy.read', 'deploy.write'], {}));
      expect((await api.ask('/api/auth/me', { as })).body).toMatchObject({ rights: ['deploy.read', 'deploy.write'] });
      await api.ask(`/api/users/${owner.id}`, { method: 'PATCH', as: api.people.admin, json: { role: 'viewer', grants: { deploys: [world.mine] } } });
      expect((await api.ask('/api/auth/me', { as })).body).toMatchObject({ rights: ['deploy.read'], narrowed: true });
      expect(itemsOf(await api.ask('/api/deploys', { as }), 'name')).toEqual(['mine']);
    });
  });

  const url = (query: string): string => `${context.api.url.replace('http', 'ws')}/ws/events${query}`;

  function handshake(query: string, as: Credential): Promise<number> {
    const socket = new WebSocket(url(query), { headers: { ...as } });
    return new Promise((resolve, reject) => {
      socket.on('open', () => reject(new Error('it was accepted')));
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_request, response) => { resolve(response.statusCode ?? 0); socket.terminate(); });
    });
  }

  async function listen(query: string, as: Credential): Promise<{ got: string[]; close: () => void; closed: Promise<number> }> {
    const socket = new WebSocket(url(query), { headers: { ...as } });
    const got: string[] = [];
    socket.on('message', (bytes: Buffer) => { got.push(bytes.toString('utf8')); });
    const closed = new Promise<number>((resolve) => { socket.on('close', resolve); });
    await new Promise((resolve, reject) => { socket.on('open', resolve); socket.on('error', reject); });
    return { got, close: () => socket.close(), closed };
  }

  async function until(is: () => boolean): Promise<void> {
    for (const end = Date.now() + 15_000; !is(); await wait(10)) if (Date.now() > end) throw new Error('it did not come');
  }
});
