/** The codec server of Temporal Web: real histories are read by administrators, from its own pages and ours, and by nobody else. */
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { dataConverter, payloadKeys } from '../../control/payloads/index.js';
import { startDatabase, type DatabaseServer } from '../control/database.js';
import { startTemporal, type Temporal } from '../workflows/temporal.js';
import { startApi, type Answer, type Api, type Ask } from './harness.js';

const path = '/api/temporal/codec/decode';
const web = 'http://temporal.test';

interface Json { metadata: Record<string, string>; data: string }
type Sealed = { metadata?: Record<string, Uint8Array> | null; data?: Uint8Array | null };
const jsonOf = ({ metadata, data }: Sealed): Json => ({ metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])), data: Buffer.from(data ?? []).toString('base64') });
const clear = (answer: Answer): string[] => (answer.body as { payloads: Json[] }).payloads.map(({ data }) => Buffer.from(data, 'base64').toString());

let temporal: Temporal;
let server: DatabaseServer;
let api: Api;
let connection: Connection;
/** Of the history of a workflow of ours, as Temporal Web gets it. */
let payloads: Json[];
const workflowId = `deploy/dpl_${randomBytes(8).toString('hex')}`;
const post = (options: Ask & { payloads?: unknown } = {}): Promise<Answer> => api.ask(path, { as: api.people.admin, json: { payloads: options.payloads ?? payloads }, ...options });

beforeAll(async () => {
  [temporal, server] = await Promise.all([startTemporal(), startDatabase()]);
  api = await startApi(server, { temporalAddress: temporal.env.address });
  connection = await Connection.connect({ address: temporal.env.address });
  const converter = dataConverter(await payloadKeys(api.dataDir));
  await new Client({ connection, dataConverter: converter }).workflow.start('nobody', { taskQueue: 'nobody', workflowId, args: [{ deploy_id: 'canary-Zq9', note: 'ä' }], memo: { why: 'a memo' } });
  await connection.workflowService.terminateWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId }, reason: 'over', details: { payloads: await converter.payloadCodecs[0]?.encode([{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"detail":"of the end"}') }], { namespace: 'default', workflowId }) ?? [] } });
  const { events } = await new Client({ connection }).workflow.getHandle(workflowId).fetchHistory();
  const [first, last] = [events?.[0]?.workflowExecutionStartedEventAttributes, events?.at(-1)?.workflowExecutionTerminatedEventAttributes];
  payloads = [...(first?.input?.payloads ?? []), first?.memo?.fields?.['why'] ?? {}, ...(last?.details?.payloads ?? [])].map(jsonOf);
}, 120_000);
afterAll(async () => {
  await connection?.close();
  await api?.close();
  await Promise.all([temporal?.stop(), server?.stop()]);
});

it('what a history holds sealed is opened in order, and written down by whom and of which workflow', async () => {
  expect(payloads).toHaveLength(3);
  expect(JSON.stringify(payloads) + Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).not.toContain('canary');
  const answer = await post({ headers: { 'x-namespace': 'default' } });
  expect([answer.status, clear(answer)]).toEqual([200, ['{"deploy_id":"canary-Zq9","note":"ä"}', '"a memo"', '{"detail":"of the end"}']]);
  const entry = await api.db.auditEntry.findFirstOrThrow({ where: { action: 'history.decode' }, orderBy: { id: 'desc' } });
  expect(entry).toMatchObject({ actor_name: 'admin', result: 'ok', details: { payloads: 3, refused: 0, workflows: [workflowId] } });
  expect(JSON.stringify(await api.db.auditEntry.findMany({ select: { details: true } })) + api.log.join('')).not.toContain('canary');
});

it('a key of an administrator may, as the temporal command sends it; an operator may not, nor a key without the right', async () => {
  expect((await post({ as: api.keys.admin })).status).toBe(200);
  for (const as of [api.people.operator, api.people.viewer, api.keys.operator]) {
    expect(await post({ as, headers: 'cookie' in as ? { origin: web } : {} })).toMatchObject({ status: 403, body: { details: { missing_right: 'history.decode' } } });
  }
  expect((await post({ as: {} })).status).toBe(401);
  expect(await api.db.auditEntry.count({ where: { action: 'history.decode', result: 'refused' } })).toBe(3);
});

it('pages of Temporal Web may ask with the cookie, and see the answer and the refusal; pages of others may not', async () => {
  const shown = ({ headers }: Answer): (string | null)[] => ['access-control-allow-origin', 'access-control-allow-credentials', 'vary'].map((name) => headers.get(name));
  const fromWeb = await post({ headers: { origin: web, 'sec-fetch-site': 'same-site' } });
  expect([fromWeb.status, shown(fromWeb)]).toEqual([200, [web, 'true', 'Origin']]);
  expect(shown(await post({ as: api.people.viewer, headers: { origin: web, 'sec-fetch-site': 'same-site' } }))).toEqual([web, 'true', 'Origin']);
  for (const origin of ['http://evil.test', 'http://temporal.test.evil.test', 'https://temporal.test', 'http://temporal.test:81', 'null']) {
    const answer = await post({ headers: { origin, 'sec-fetch-site': 'cross-site' } });
    expect([origin, answer.status, shown(answer)[0]]).toEqual([origin, 403, null]);
    expect((await post({ as: api.keys.admin, headers: { origin } })).headers.get('access-control-allow-origin')).toBeNull();
  }
});

it('a browser is told before it sends, for this path and these pages alone', async () => {
  const preflight = (of: string, origin: string): Promise<Answer> => api.ask(of, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-namespace' } });
  const answer = await preflight(path, web);
  expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('access-control-allow-methods'), answer.headers.get('access-control-allow-headers')]).toEqual([204, web, 'POST', 'content-type, x-namespace, authorization']);
  for (const [of, origin] of [[path, 'http://evil.test'], ['/api/deploys', web], ['/api/users', web]] as const) {
    const refused = await preflight(of, origin);
    expect([of, origin, refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([of, origin, 405, null]);
  }
  const other = await api.ask('/api/deploys', { as: api.people.admin, json: {}, headers: { origin: web, 'sec-fetch-site': 'same-site' } });
  expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
});

it('there is no sealing for anybody, and what is of another namespace, too much, or no payload is refused', async () => {
  expect((await api.ask('/api/temporal/codec/encode', { as: api.people.admin, json: { payloads } })).status).toBe(404);
  expect((await post({ headers: { 'x-namespace': 'other' } })).status).toBe(404);
  expect((await post({ payloads: Array(2_001).fill(payloads[0]) })).status).toBe(422);
  expect((await post({ payloads: [{ data: 'A'.repeat(13 << 20) }] })).status).toBe(413);
  for (const wrong of [[{ data: 'not base64!' }], [{ metadata: { encoding: 7 } }], 'none']) expect((await post({ payloads: wrong })).status).toBe(422);
});

it('what was changed or is not of us is told as not shown, beside what opens', async () => {
  const [sealed] = payloads;
  const bytes = Buffer.from(sealed?.data ?? '', 'base64');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  const answer = await post({ payloads: [{ ...sealed, data: bytes.toString('base64') }, sealed, { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: Buffer.from('1').toString('base64') }] });
  expect(clear(answer)).toEqual([expect.stringContaining('"not_shown":"A payload in Temporal was changed'), expect.stringContaining('canary-Zq9'), '1']);
});
