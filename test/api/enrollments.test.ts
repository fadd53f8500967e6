/** What is known of an enrollment under way, and of one host: told to those who may, and only of tokens that there are. */
import { generateKeyPairSync } from 'node:crypto';
import { readEvents, lastEventId } from '../../control/events/index.js';
import { certificateRequest } from '../../host-worker/identity/certificate-request.js';
import { useApi, type Answer } from './harness.js';

const held = useApi();
const facts = { docker: true, systemd: true, missing: [] };

interface Made { enrollment_id: string; token: string; command: string }
interface Progress { state: string; hosts: { node_id: string; name: string; heard: boolean; online: boolean; facts: typeof facts }[]; refused: { host: string; code: string; message: string } | null }

const make = async (body: object): Promise<Made> => (await held.api.ask('/api/enrollments', { as: held.api.people.admin, json: body, headers: { origin: held.api.url } })).body as Made;
const progress = async (id: string): Promise<Progress> => (await held.api.ask(`/api/enrollments/${id}`, { as: held.api.keys.admin })).body as Progress;
const hello = (name: string): Promise<Answer> => held.api.ask('/host/v1/hello', { json: { facts, version: '1' }, headers: held.api.hostHeaders(name) });
const comes = async (name: string, token: string): Promise<number> => {
  const csr = await certificateRequest(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, name);
  return (await fetch(`${held.api.hostsUrl}/enroll`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token, name, csr }) })).status;
};
/** What happened to nodes since, without what differs from run to run. */
async function told(after: number): Promise<unknown[]> {
  const events = await readEvents(held.api.db, { after });
  return events.map(({ type, host, data: { enrolled, online, code } }) => [type, host, enrolled ?? online, ...(code === undefined ? [] : [code])]);
}

it('an enrollment tells who came, who was not let in and why, and who has spoken; each is an event', async () => {
  const { api } = held;
  const { enrollment_id: id, token } = await make({ host: 'one' });
  const from = await lastEventId(api.db);
  expect(await progress(id)).toMatchObject({ state: 'open', hosts: [], refused: null });
  expect(await comes('two', token)).toBe(403);
  expect((await progress(id)).refused).toMatchObject({ host: 'two', code: 'permission_denied', message: 'The enrollment is not for a host named "two"' });
  expect(await comes('one', token)).toBe(201);
  expect((await progress(id)).hosts).toMatchObject([{ name: 'one', heard: false, online: false, facts: { docker: false } }]);
  await hello('one');
  expect(await progress(id)).toMatchObject({ state: 'used', hosts: [{ name: 'one', heard: true, online: true, facts: { docker: true } }] });
  expect(await told(from)).toEqual([['node.state', 'two', false, 'permission_denied'], ['node.state', 'one', true], ['node.state', 'one', true]]);
});

it('a token that never was makes no event, so that nobody without one can make any', async () => {
  const from = await lastEventId(held.api.db);
  expect(await comes('one', 'a token that never was')).toBe(401);
  expect(await told(from)).toEqual([]);
});

it('a host that takes the place of another has not been heard before it speaks itself, and its first word is an event', async () => {
  const { enrollment_id: id, token } = await make({ host: 'one', replace: true });
  const from = await lastEventId(held.api.db);
  expect(await comes('one', token)).toBe(201);
  expect((await progress(id)).hosts).toMatchObject([{ name: 'one', heard: false, online: false }]);
  await hello('one');
  expect((await progress(id)).hosts).toMatchObject([{ heard: true }]);
  expect(await told(from)).toEqual([['node.state', 'one', true], ['node.state', 'one', true]]);
});

it('the command has its token in no argument and no environment of sudo, and nothing of it in the answers after', async () => {
  const { enrollment_id: id, token, command } = await make({ host: 'three' });
  expect(command).toMatch(/^\{ echo "MAESTRO_ENROLL_TOKEN='[\w-]{43}'"; curl -fsSL http:\/\/maestro\.test\/install\.sh; \} \| sudo sh -s -- --gateway https:\/\/gateway\.test:8443 --ca-digest sha256:[0-9a-f]{64} --name three$/);
  expect(command.split('|')[1]).not.toContain(token);
  expect(JSON.stringify(await progress(id))).not.toContain(token);
});

it('one host is shown with its certificate, its tags and what is deployed to it; never to those who may not see it', async () => {
  const { api } = held;
  const { id } = await api.db.node.findUniqueOrThrow({ where: { name: 'one' } });
  const { body, status } = await api.ask(`/api/nodes/${id}`, { as: api.people.viewer });
  expect([status, body]).toMatchObject([200, { name: 'one', online: true, generation: 2, tags: [], components: [], allow: [] }]);
  const until = Date.parse((body as { certificate_expires_at: string }).certificate_expires_at);
  expect(until - Date.now()).toBeGreaterThan(23 * 3_600_000);
  expect((await api.ask(`/api/nodes/${id}`)).status).toBe(401);
  expect((await api.ask('/api/nodes/nod_0000000000000000', { as: api.people.viewer })).status).toBe(404);
});
