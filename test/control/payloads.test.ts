/** What Temporal keeps is sealed for its workflow: whoever reads its database sees nothing, and whoever writes to it is found. */
import { mkdtemp, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { addKey } from '../../control/key-ring.js';
import { decodePayloads, openPayload, payloadCodec, payloadKeys, sealPayload, type Payload } from '../../control/payloads/index.js';

let dataDir = '';
beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'maestro-payloads-')); });
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const place = { namespace: 'default', workflowId: 'deploy/dpl_1' };
const text = (value: string): Payload => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) });
const plain = ({ metadata, data }: Payload): unknown => [Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('hex')])), Buffer.from(data ?? []).toString('hex')];

test('what was sealed opens again as it was, whatever it is', async () => {
  const keys = await payloadKeys(dataDir);
  const payload = fc.record({ metadata: fc.dictionary(fc.string(), fc.uint8Array()), data: fc.uint8Array() });
  fc.assert(fc.property(payload, fc.string(), fc.string(), (one, namespace, workflowId) => {
    expect(plain(openPayload(keys, { namespace, workflowId }, sealPayload(keys, { namespace, workflowId }, one)))).toEqual(plain(one));
  }));
  expect(plain(openPayload(keys, place, sealPayload(keys, place, { metadata: null })))).toEqual([{}, '']);
});

test('nothing of it can be read, and the same is never sealed to the same', async () => {
  const keys = await payloadKeys(dataDir);
  const [one, two] = [sealPayload(keys, place, text('canary-Zq9')), sealPayload(keys, place, text('canary-Zq9'))];
  for (const { metadata, data } of [one, two]) {
    expect(Buffer.from(data ?? []).includes('canary')).toBe(false);
    expect(Object.keys(metadata ?? {})).toEqual(['encoding', 'encryption-key-id', 'maestro-workflow-id']);
  }
  expect(Buffer.from(one.data ?? []).equals(Buffer.from(two.data ?? []))).toBe(false);
});

test('T-T2: one flipped bit anywhere, a part cut off, another workflow, another namespace and plain text are refused', async () => {
  const keys = await payloadKeys(dataDir);
  const sealed = sealPayload(keys, place, text('x'));
  const bytes = Buffer.from(sealed.data ?? []);
  const changed = (change: (copy: Buffer) => Buffer): Payload => ({ ...sealed, data: change(Buffer.from(bytes)) });
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    expect(() => openPayload(keys, place, changed((copy) => { copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7)); return copy; }))).toThrow(/was changed, or belongs to another workflow/);
  }
  for (const length of [0, 1, 11, 12, 28, bytes.length - 1]) expect(() => openPayload(keys, place, changed((copy) => copy.subarray(0, length)))).toThrow(/was changed/);
  for (const other of [{ ...place, workflowId: 'deploy/dpl_2' }, { ...place, namespace: 'other' }, { namespace: 'defaultdeploy/', workflowId: 'dpl_1' }]) expect(() => openPayload(keys, other, sealed)).toThrow(/belongs to another workflow/);
  expect(() => openPayload(keys, place, text('x'))).toThrow(/is not encrypted/);
});

test('for people it opens by the workflow that it names, in order, and what does not open says so in its place', async () => {
  const keys = await payloadKeys(dataDir);
  const sealed = sealPayload(keys, place, text('one'));
  const renamed = (workflowId: string): Payload => ({ ...sealed, metadata: { ...sealed.metadata, 'maestro-workflow-id': Buffer.from(workflowId) } });
  const { 'maestro-workflow-id': _, ...older } = sealed.metadata ?? {};
  const { payloads, workflows, refused } = decodePayloads(keys, 'default', [sealed, text('plain'), renamed('deploy/dpl_2'), { ...sealed, metadata: older }, renamed(''), sealPayload(keys, { namespace: 'default', workflowId: '' }, text('of none'))]);
  expect(payloads.splice(5).map(plain)).toEqual([plain(text('of none'))]);
  expect(payloads.slice(0, 2).map(plain)).toEqual([text('one'), text('plain')].map(plain));
  for (const payload of payloads.slice(2)) expect(Buffer.from(payload.data ?? []).toString()).toMatch(/^\{"not_shown":".*(belongs to another workflow|does not name its workflow)/);
  expect([payloads.length, workflows, refused]).toEqual([5, ['deploy/dpl_1'], 3]);
  expect(decodePayloads(keys, 'other', [sealed]).refused).toBe(1);
});

test('after a change of the key what was written before is read, and once the old key is gone it is named', async () => {
  const before = await payloadKeys(dataDir);
  const sealed = sealPayload(before, place, text('x'));
  await rename(join(dataDir, 'keys', 'payload.key'), join(dataDir, 'keys', 'payload.previous.key'));
  const both = await payloadKeys(dataDir);
  expect(both.current.id).not.toBe(before.current.id);
  expect(plain(openPayload(both, place, sealed))).toEqual(plain(text('x')));
  await rm(join(dataDir, 'keys', 'payload.previous.key'));
  const alone = await payloadKeys(dataDir);
  expect(() => openPayload(alone, place, sealed)).toThrow(`is written under a key that is not here (${before.current.id})`);
});

test('a new key by a command: it writes half a minute later in every process, without a restart, and what is there is read as before', async () => {
  const [one, other] = [await payloadKeys(dataDir), await payloadKeys(dataDir)];
  const codec = payloadCodec(other);
  const [before] = await payloadCodec(one).encode([text('x')], { namespace: 'default', workflowId: 'w1' });
  const { added } = await addKey(dataDir, 'payload', '');
  expect((await addKey(dataDir, 'payload', '')).added).toBeNull();
  const path = join(dataDir, 'keys', `payload.${String(added?.number)}.key`);
  expect((await one.view()).map(({ state }) => state)).toEqual(['reads', 'writes']);
  expect((await payloadKeys(dataDir)).current.id).toBe(one.current.id);
  // Half a minute later; a process that has looked a moment ago looks again.
  await utimes(path, new Date(), new Date(Date.now() - 31_000));
  const fresh = await payloadKeys(dataDir);
  expect([fresh.current.id === one.current.id, fresh.known.size]).toEqual([false, 2]);
  const [after] = await payloadCodec(fresh).encode([text('y')], { namespace: 'default', workflowId: 'w1' });
  await sleep(3_100);
  expect((await codec.decode([before ?? {}, after ?? {}], { namespace: 'default', workflowId: 'w1' })).map(plain)).toEqual([text('x'), text('y')].map(plain));
  expect(other.current.id).toBe(fresh.current.id);
});

test('the codec binds to the workflow, also for its activities', async () => {
  const codec = payloadCodec(await payloadKeys(dataDir));
  const sealed = await codec.encode([text('x'), text('y')], { namespace: 'default', workflowId: 'w1' });
  expect((await codec.decode(sealed, { namespace: 'default', workflowId: 'w1' })).map(plain)).toEqual([text('x'), text('y')].map(plain));
  await expect(codec.decode(sealed, { namespace: 'default', workflowId: 'w2' })).rejects.toThrow(/another workflow/);
  await expect(codec.decode(sealed)).rejects.toThrow(/another workflow/);
});
