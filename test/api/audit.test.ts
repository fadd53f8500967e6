/** The audit trail as people read it, and whether it is whole. */
import { z } from 'zod';
import { createDeploy } from '../../control/deploys/index.js';
import { systemActor } from '../../control/actor.js';
import { twoComponents } from '../control/documents.js';
import { withClient } from '../control/database.js';
import { useApi, type Answer } from './harness.js';

const page = z.object({ items: z.array(z.looseObject({ id: z.number(), action: z.string(), result: z.string(), target: z.string(), ts: z.string(), actor: z.object({ name: z.string(), id: z.string() }) })), next_cursor: z.string().nullable() });
const items = ({ body }: Answer) => page.parse(body).items;

describe('the audit trail', () => {
  const context = useApi();

  it('is read with filters, page by page, by those with audit.read', async () => {
    const { api } = context;
    const as = api.people.admin;
    const { deploy_id: id } = await createDeploy(api.db, systemActor, { yaml: twoComponents(), files: [] });
    await api.ask('/api/deploys', { as: api.people.viewer, json: { yaml: 'x' } });
    await api.ask(`/api/deploys/${id}/versions`, { as: api.people.operator, json: { yaml: twoComponents('shop', '2') } });
    const ask = async (query: string) => items(await api.ask(`/api/audit${query}`, { as }));
    expect((await ask(`?deploy_id=${id}`)).map(({ action }) => action)).toEqual(['deploy.submit', 'deploy.create']);
    expect(await ask('?result=refused')).toMatchObject([{ action: 'deploy.create', actor: { name: 'viewer' } }]);
    expect((await ask('?action=deploy.*')).map(({ action }) => action)).toEqual(['deploy.submit', 'deploy.create', 'deploy.create']);
    expect((await ask('?action=deploy.submit&actor=operator'))).toHaveLength(1);
    expect(await ask('?actor=nobody')).toEqual([]);
    const all = await ask('');
    expect((await ask(`?until=${all[0]?.ts ?? ''}`)).length).toBeLessThan(all.length);
    expect((await ask(`?since=${all[0]?.ts ?? ''}`)).length).toBeGreaterThan(0);
    const first = page.parse((await api.ask('/api/audit?limit=2', { as })).body);
    const second = page.parse((await api.ask(`/api/audit?limit=2&cursor=${first.next_cursor ?? ''}`, { as })).body);
    expect([...first.items, ...second.items].map((item) => item.id)).toEqual(all.slice(0, 4).map((item) => item.id));
    expect(await api.ask('/api/audit', { as: api.people.operator })).toMatchObject({ status: 403, body: { details: { missing_right: 'audit.read' } } });
  });

  it('shows to a limited key what concerns its deploys, and is not verified by it', async () => {
    const { api } = context;
    const [deploy] = await api.db.deploy.findMany();
    const other = await createDeploy(api.db, systemActor, { name: 'unseen', yaml: twoComponents('unseen'), files: [] });
    const made = await api.ask('/api/auth/keys', { as: api.people.admin, json: { name: 'auditor', rights: ['audit.read', 'deploy.read'], limits: { deploys: [deploy?.id] } } });
    const as = { authorization: `Bearer ${z.object({ key: z.string() }).parse(made.body).key}` };
    const seen = await api.ask('/api/audit?limit=200', { as });
    expect(new Set(items(seen).map(({ target }) => target))).toEqual(new Set([deploy?.id]));
    expect(items(await api.ask(`/api/audit?deploy_id=${other.deploy_id}`, { as }))).toEqual([]);
    expect((await api.ask('/api/audit/verify', { as })).status).toBe(403);
  });

  it('is verified, and says which entry is not what was written', async () => {
    const { api } = context;
    const as = api.people.admin;
    await api.auditAnchor.advance(api.db);
    expect((await api.ask('/api/audit/verify', { as })).body).toMatchObject({ ok: true, versions: { altered: [] }, anchor: { entries: expect.any(Number) } });
    const third = (await api.db.auditEntry.findMany({ orderBy: { id: 'asc' }, take: 3 }))[2];
    await withClient(api.databaseUrl, async (client) => {
      await client.query('ALTER TABLE audit DISABLE TRIGGER ALL');
      await client.query(`UPDATE audit SET result = 'failed' WHERE id = ${third?.id}`);
    });
    expect((await api.ask('/api/audit/verify', { as })).body).toMatchObject({ ok: false, entries: 2, bad_id: Number(third?.id), reason: expect.stringContaining('not what was written') });
  });
});
