/** Another root in place of the one there is: who may come in at which moment, what hosts are told, and when the old one goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { systemActor } from '../../control/actor.js';
import { certificateDigest, createEnrollment, openAuthorities, renewHost, retireRoot, revokeNode, rotateRoot, rotateTaskKey, viewAuthority } from '../../control/identity/index.js';
import { needsOldRoot } from '../../control/identity/rotation.js';
import { wrapToken, unwrapToken } from '../../gateway/grpc/task-token.js';
import { certificateRequest } from '../../host-worker/identity/certificate-request.js';
import { IdentityHolder, renewAt } from '../../host-worker/identity/holder.js';
import { type Identity, rootDigests } from '../../host-worker/identity/identity.js';
import { ask, GrpcLine, useDoor } from './door.js';

const context = useDoor();
const door = () => context.door;
const facts = { docker: true, systemd: true, missing: [] };
const hello = (as: Identity, trusts: readonly string[] = rootDigests(as.ca)) => ask(door(), '/host/v1/hello', as, { facts, version: 'test', trusts });
const rotate = () => rotateRoot(door().db, door().keys, systemActor);
const retire = (...cut: string[]) => retireRoot(door().db, door().keys, systemActor, { cut });
const halfAMinute = () => door().db.$transaction(['authority_keys', 'enrollments'].map((table) => door().db.$executeRawUnsafe(`UPDATE ${table} SET created_at = created_at - interval '31 seconds'`)));
const readAgain = async (): Promise<void> => { await door().keeper.check(); };
const issuerOf = ({ certificate }: Pick<Identity, 'certificate'>) => door().authorities.intermediates.findIndex((pem) => new X509Certificate(certificate).verify(new X509Certificate(pem).publicKey));

async function hostAt(name: string): Promise<IdentityHolder> {
  const stateFolder = await mkdtemp(join(door().folder, 'host-'));
  await door().enrollHost(name, { stateFolder });
  return IdentityHolder.open(stateFolder);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await isSo()); await sleep(50)) if (Date.now() > end) throw new Error('not within ten seconds');
}

/** To a state with one root that every gateway has. */
async function settled(): Promise<void> {
  await halfAMinute();
  const { stage, waiting } = await viewAuthority(door().db);
  if (stage === 'rotating') await retire(...waiting.map(({ kind, id, name }) => (kind === 'host' ? name : id)));
  await readAgain();
}
beforeEach(settled);

describe('while two roots are trusted', () => {
  it('a host comes in with either, is told to renew, and has a certificate of the new one and trusts both after that', async () => {
    const host = await hostAt('either');
    const before = host.identity;
    expect((await hello(before)).status).toBe(204);
    await rotate();
    await readAgain();
    // The gateway shows a certificate of the new root by now; the host knows the old one alone.
    expect(rootDigests(before.ca)).toHaveLength(1);
    expect(await hello(before)).toEqual({ status: 200, body: { renew: true } });
    await host.renew();
    expect([issuerOf(before), issuerOf(host.identity)]).toEqual([1, 0]);
    expect(host.trusts).toEqual(door().authorities.roots.map(certificateDigest));
    expect(host.identity.caDigest).toBe(host.trusts[0]);
    expect((await hello(host.identity)).status).toBe(204);
    // A host that has lost the answer has the old certificate, and may ask again.
    expect((await hello(before)).status).toBe(200);
    const onlyNew = { ...host.identity, ca: door().authorities.root };
    expect(await hello(onlyNew)).toEqual({ status: 200, body: { renew: true } });
  });

  it('the commands of before and those of now both bring a host in', async () => {
    const token = await door().token({ host: 'joins-*', uses: 3 });
    const old = door().authorities.digest;
    await rotate();
    await readAgain();
    // As long as a gateway may not have the new root, hosts are told the old one.
    expect(door().authorities.digest).toBe(old);
    await halfAMinute();
    await readAgain();
    const now = door().authorities.digest;
    expect(now).not.toBe(old);
    for (const [name, caDigest] of [['joins-1', old], ['joins-2', now]] as const) {
      const identity = await door().enrollHost(name, { token, caDigest });
      expect([name, (await hello(identity)).status]).toEqual([name, 204]);
    }
    await expect(door().enrollHost('joins-3', { token, caDigest: `sha256:${'0'.repeat(64)}` })).rejects.toMatchObject({ code: 'auth_error' });
  });

  it('a gateway that has not heard of it yet takes a certificate of the new intermediate', async () => {
    const host = await hostAt('ahead');
    await rotate();
    const elsewhere = await openAuthorities(door().db, door().keys);
    const csr = await certificateRequest(createPrivateKey(host.identity.key), 'ahead');
    const identity = await door().db.node.findUniqueOrThrow({ where: { name: 'ahead' } });
    const given = await renewHost(door().db, elsewhere, { name: 'ahead', generation: 1, keyDigest: identity.key_digest ?? '' }, csr);
    expect(await ask(door(), '/host/v1/watched', { ...host.identity, certificate: given.certificate })).toMatchObject({ status: 200 });
  });

  it('it is begun once, and is in the audit', async () => {
    await rotate();
    await expect(rotate()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('two roots') });
    expect(await door().db.auditEntry.count({ where: { action: 'authority.rotate', target: 'authority' } })).toBeGreaterThan(0);
    const { stage, roots } = await viewAuthority(door().db);
    expect([stage, roots.map(({ state }) => state)]).toEqual(['rotating', ['signs', 'trusted']]);
    const racing = await Promise.allSettled(Array.from({ length: 8 }, rotate));
    expect(racing.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await door().db.authorityKey.count({ where: { kind: 'root', retired_at: null } })).toBe(2);
  });

  it('open connections stay', async () => {
    const host = await hostAt('stays');
    const line = new GrpcLine(door().url, host.identity);
    const call = () => line.call('/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo', new Uint8Array());
    expect((await call()).status).toBe(0);
    await rotate();
    await readAgain();
    expect((await call()).status).toBe(0);
    await host.renew();
    expect((await call()).status).toBe(0);
    line.close();
  });
});

describe('the old root goes', () => {
  it('when nobody needs it: until then it is refused, with who does and why', async () => {
    const [gone, back, silent] = await Promise.all(['gone', 'back', 'silent'].map(hostAt));
    if (gone === undefined || back === undefined || silent === undefined) throw new Error('no hosts');
    for (const one of [gone, back]) await hello(one.identity);
    const { enrollment_id: enrollment } = await createEnrollment(door().db, systemActor, { host: 'later', uses: 1, ttl_seconds: 600, replace: false });
    await rotate();
    await readAgain();
    await expect(retire()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('not at every gateway') });
    await halfAMinute();
    await readAgain();
    const waitingFor = async () => (await viewAuthority(door().db)).waiting.filter(({ name }) => ['gone', 'back', 'silent', 'later'].includes(name)).map(({ name, reason }) => `${name} ${reason}`).sort();
    expect(await waitingFor()).toEqual(['back has a certificate of the old root', 'gone has a certificate of the old root', 'later its command names the old root', 'silent has not been heard since it was enrolled']);
    await back.renew();
    // An older worker keeps the root that it has: it says nothing of those it trusts.
    await hello(back.identity, []);
    expect(await waitingFor()).toContain('back does not trust the new root');
    await hello(back.identity);
    const silentId = (await door().db.node.findUniqueOrThrow({ where: { name: 'silent' } })).id;
    await revokeNode(door().db, systemActor, silentId);
    expect(await waitingFor()).toEqual(['gone has a certificate of the old root', 'later its command names the old root']);
    const others = (await viewAuthority(door().db)).waiting.filter(({ name }) => name !== 'gone' && name !== 'later').map(({ kind, id, name }) => (kind === 'host' ? name : id));
    await expect(retire(...others, 'gone')).rejects.toMatchObject({ code: 'conflict', details: { waiting: [expect.objectContaining({ name: 'later' })] } });
    const line = new GrpcLine(door().url, gone.identity);
    expect((await line.call('/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo', new Uint8Array())).status).toBe(0);
    expect(await retire(...others, 'gone', enrollment)).toMatchObject({ stage: 'settled', waiting: [], roots: [{ state: 'signs' }] });
    // Given up: what it has open is cut, and it does not come in any more, not to renew either.
    await line.closed;
    await readAgain();
    expect((await hello(gone.identity)).status).not.toBe(204);
    await expect(gone.renew()).rejects.toThrow();
    expect(await hello(back.identity)).toEqual({ status: 200, body: { renew: true } });
    await back.renew();
    expect(back.trusts).toEqual([door().authorities.digest]);
    expect((await hello(back.identity)).status).toBe(204);
    expect((await door().db.enrollment.findUniqueOrThrow({ where: { id: enrollment } })).revoked_at).not.toBeNull();
    await expect(retire()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('no old root') });
  });

  it('with its keys; what is written down of it stays', async () => {
    await rotate();
    await settled();
    const rows = await door().db.authorityKey.findMany({ where: { retired_at: { not: null } } });
    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(rows.every(({ sealed, certificate }) => sealed === null && certificate !== null)).toBe(true);
    expect(door().authorities.roots).toHaveLength(1);
    expect(door().authorities.chain).toBe(door().authorities.intermediate.certificate);
  });

  it('for a host whose certificate cannot be renewed any more it is not kept, for every other one it is', () => {
    const day = 24 * 3600_000;
    const time = fc.integer({ min: 0, max: 30 }).map((days) => new Date(100 * day - days * day));
    fc.assert(fc.property(fc.option(time), fc.option(time), fc.constantFrom(null, 'old', 'new'), fc.subarray(['old', 'new']), (seen, enrolled, shown, trusts) => {
      const needs = needsOldRoot({ id: '', name: '', certificate_root: shown, trusted_roots: trusts, last_seen_at: seen, enrolled_at: enrolled }, 'new', 100 * day);
      const renewable = [seen, enrolled].some((at) => at !== null && 100 * day - at.getTime() <= 8 * day);
      expect(needs === null).toBe(!renewable || (shown === 'new' && trusts.includes('new')));
    }));
  });
});

describe('a host that is told to renew', () => {
  it('does so by itself within seconds, once, and goes on', async () => {
    const host = await hostAt('told');
    const stop = new AbortController();
    const said: string[] = [];
    const keeping = host.keepRenewed({ info: (...words: unknown[]) => void said.push(String(words[1])), warn: (...words: unknown[]) => void said.push(String(words[1])) }, stop.signal);
    const before = host.identity.certificate;
    for (let times = 0; times < 3; times += 1) host.renewSoon();
    await until(async () => host.identity.certificate !== before);
    expect(said).toEqual(['the certificate is renewed']);
    stop.abort();
    await keeping;
  }, 30_000);

  it('renews a certificate of any life after half of it and before two thirds, whatever it was backdated', () => {
    const pem = door().authorities.intermediate.certificate;
    const { validFrom, validTo } = new X509Certificate(pem);
    const [from, to] = [Date.parse(validFrom) + 5 * 60_000, Date.parse(validTo)];
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (chance) => {
      const part = (renewAt(pem, chance) - from) / (to - from);
      expect(part).toBeGreaterThan(0.55);
      expect(part).toBeLessThan(0.67);
    }));
  });
});

describe('the key of task tokens', () => {
  it('is changed while tasks run: what was handed out is still answered, and a new one wraps when every gateway has it', async () => {
    const { db, keys } = door();
    const task = { workflowId: 'deploy/dpl_x', token: Buffer.from('token') };
    const caller = { host: 'h1', generation: 1 };
    const before = door().authorities.taskKeys;
    const handedOut = wrapToken(before, caller, task);
    await rotateTaskKey(db, keys, systemActor, { force: true });
    await readAgain();
    expect(door().authorities.taskKeys).toHaveLength(2);
    expect(door().authorities.taskKeys[0]?.id).toBe(before[0]?.id);
    await halfAMinute();
    await readAgain();
    const [wraps, unwraps] = door().authorities.taskKeys;
    expect([wraps?.id, unwraps?.id]).toEqual([(before[0]?.id ?? 0) + 1, before[0]?.id]);
    expect(unwrapToken(door().authorities.taskKeys, caller, handedOut)?.token).toEqual(task.token);
    await expect(rotateTaskKey(db, keys, systemActor, { force: false })).rejects.toMatchObject({ code: 'conflict', fix: expect.stringContaining('force') });
    await rotateTaskKey(db, keys, systemActor, { force: true });
    await readAgain();
    expect(unwrapToken(door().authorities.taskKeys, caller, handedOut)).toBeNull();
    expect(door().authorities.taskKeys[0]?.id).toBe(wraps?.id);
    expect(await db.authorityKey.count({ where: { kind: 'task', sealed: { not: null } } })).toBe(2);
  });
});
