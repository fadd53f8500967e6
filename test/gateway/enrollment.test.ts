/** How hosts come in, stay in, and are thrown out: the token, the name, the key, the certificate. */
import 'reflect-metadata';
import { AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension, X509Certificate as Parsed } from '@peculiar/x509';
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { Agent } from 'node:https';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { type Actor, systemActor } from '../../control/actor.js';
import { verifyAudit } from '../../control/audit/index.js';
import { createEnrollment, listEnrollments, makeServerCertificate, openAuthorities, revokeEnrollment, revokeNode } from '../../control/identity/index.js';
import { makeHostCertificate, makeIntermediate, makeRoot, readHostRequest } from '../../control/identity/certificates.js';
import { vaultKeys } from '../../control/secrets/index.js';
import { certificateRequest } from '../../host-worker/identity/certificate-request.js';
import { enroll } from '../../host-worker/identity/enroll.js';
import { IdentityHolder } from '../../host-worker/identity/holder.js';
import { loadIdentity } from '../../host-worker/identity/identity.js';
import { fetchOnce } from '../../host-worker/identity/request.js';
import { Random } from '../fuzz/random.js';
import { ask, useDoor } from './door.js';

const context = useDoor();
const door = () => context.door;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const csrOf = (name: string, key = newKey()): Promise<string> => certificateRequest(key, name);
const nodeOf = (name: string) => door().db.node.findUnique({ where: { name } });
const watched = { '/host/v1/watched': 200 };
const knows = async (as: Parameters<typeof ask>[2]): Promise<number> => (await ask(door(), Object.keys(watched)[0] ?? '', as)).status;

/** Connections without a certificate, which the gateway cuts after fifteen seconds: they are renewed between rounds. */
class Lines {
  private agent: Agent | null = null;
  private since = 0;

  constructor(private readonly ca: readonly string[]) {}

  renew(): void {
    if (this.agent !== null && performance.now() - this.since < 4_000) return;
    this.close();
    this.agent = new Agent({ ca: [...this.ca], keepAlive: true, maxSockets: 50 });
    this.since = performance.now();
  }

  async post(url: URL, body: unknown): Promise<{ status: number }> {
    const response = await fetchOnce({ url, body, agent: this.agent ?? undefined, signal: AbortSignal.timeout(10_000) });
    await response.text();
    return { status: response.status };
  }

  close(): void {
    this.agent?.destroy();
  }
}

describe('an enrollment', () => {
  it('gives a certificate that says who the host is, and nothing that it asked for', async () => {
    const key = newKey();
    const keys = await crypto.subtle.importKey('pkcs8', new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
    const publicKey = await crypto.subtle.importKey('spki', new Uint8Array((await import('node:crypto')).createPublicKey(key).export({ type: 'spki', format: 'der' })), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
    const greedy = await Pkcs10CertificateRequestGenerator.create({
      name: 'CN=root-of-all,O=Somebody', keys: { privateKey: keys, publicKey }, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new BasicConstraintsExtension(true, 5, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true), new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.codeSigning]),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: 'maestro.example.com' }, { type: 'url', value: 'maestro://maestro/host/h2' }]),
      ],
    });
    const answer = await ask(door(), '/enroll', null, { token: await door().token({ host: 'h1' }), name: 'h1', csr: greedy.toString('pem') });
    expect(answer.status).toBe(201);
    const { certificate } = answer.body as { certificate: string };
    const given = new X509Certificate(certificate);
    expect(given.subject).toBe('CN=h1');
    expect(given.subjectAltName).toBe('URI:maestro://maestro/host/h1, URI:maestro://maestro/generation/1');
    expect(given.ca).toBe(false);
    expect(given.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(Date.parse(given.validTo) - Date.parse(given.validFrom)).toBeLessThanOrEqual((24 * 60 + 6) * 60_000);
    expect(Date.now() - Date.parse(given.validFrom)).toBeGreaterThanOrEqual(5 * 60_000 - 1_000);
    expect(given.checkPrivateKey(key)).toBe(true);
    expect(given.verify(new X509Certificate(door().authorities.intermediate.certificate).publicKey)).toBe(true);
    const parsed = new Parsed(certificate);
    expect(parsed.getExtension(BasicConstraintsExtension)).toMatchObject({ ca: false, critical: true });
    expect(parsed.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.digitalSignature);
    expect(parsed.getExtension(AuthorityKeyIdentifierExtension)).not.toBeNull();
    expect(parsed.extensions).toHaveLength(5);
  });

  it('T-H9: takes keys on P-256 whose owner sends them, and no others', async () => {
    const token = await door().token({ host: 'weak', uses: 50 });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsaKeys = { privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(rsa.privateKey.export({ type: 'pkcs8', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign']), publicKey: await crypto.subtle.importKey('spki', new Uint8Array(rsa.publicKey.export({ type: 'spki', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['verify']) };
    const weak = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=weak', keys: rsaKeys, signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } });
    const p384 = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify']);
    const otherCurve = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=weak', keys: p384, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-384' } });
    // A request with the key of another: its own signature does not fit.
    const [mine, theirs] = await Promise.all([csrOf('weak'), csrOf('weak')]);
    const spki = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const stolen = spki(mine);
    spki(theirs).copy(stolen, stolen.indexOf(Buffer.from('0004', 'hex')) + 2, spki(theirs).indexOf(Buffer.from('0004', 'hex')) + 2, spki(theirs).indexOf(Buffer.from('0004', 'hex')) + 66);
    const asPem = `-----BEGIN CERTIFICATE REQUEST-----\n${stolen.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    for (const csr of [weak.toString('pem'), otherCurve.toString('pem'), asPem, 'nonsense', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----']) {
      expect((await ask(door(), '/enroll', null, { token, name: 'weak', csr })).status).toBe(422);
    }
    expect(await nodeOf('weak')).toBeNull();
    await expect(readHostRequest('x'.repeat(20_000))).rejects.toMatchObject({ code: 'validation_error' });
  });

  it('stores the token as its sha256, shows it once, and each refusal is in the audit', async () => {
    const { token, ...view } = await createEnrollment(door().db, systemActor, { host: 'shown', uses: 1, ttl_seconds: 60, replace: false });
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const row = await door().db.enrollment.findUniqueOrThrow({ where: { id: view.enrollment_id } });
    expect(row.token_hash).toBe(createHash('sha256').update(token).digest('hex'));
    expect(JSON.stringify([row, await listEnrollments(door().db), await door().db.auditEntry.findMany({ select: { details: true, target: true, actor_name: true } })])).not.toContain(token);
    const before = await door().db.auditEntry.count({ where: { action: 'node.enroll', result: 'refused' } });
    expect((await ask(door(), '/enroll', null, { token: randomBytes(32).toString('base64url'), name: 'shown', csr: await csrOf('shown') })).status).toBe(401);
    expect(await door().db.auditEntry.count({ where: { action: 'node.enroll', result: 'refused' } })).toBe(before + 1);
    expect(await verifyAudit(door().db)).toMatchObject({ ok: true });
  });

  it('T-H8: is over when it is used up, expired or revoked, and is for its names only', async () => {
    const { db } = door();
    const post = async (token: string, name: string): Promise<number> => (await ask(door(), '/enroll', null, { token, name, csr: await csrOf(name) })).status;
    const once = await door().token({ host: 'one' });
    expect([await post(once, 'one'), await post(once, 'one-more')]).toEqual([201, 401]);
    const old = await door().token({ host: 'old' });
    await db.enrollment.updateMany({ where: { host_pattern: 'old' }, data: { expires_at: new Date(Date.now() - 1_000) } });
    expect(await post(old, 'old')).toBe(401);
    const gone = await createEnrollment(db, systemActor, { host: 'gone', uses: 5, ttl_seconds: 60, replace: false });
    await revokeEnrollment(db, systemActor, gone.enrollment_id);
    expect(await post(gone.token, 'gone')).toBe(401);
    const some = await door().token({ host: 'web-*', uses: 2 });
    expect([await post(some, 'db-01'), await post(some, 'web'), await post(some, 'web-01'), await post(some, 'web-02'), await post(some, 'web-03')]).toEqual([403, 403, 201, 201, 401]);
    for (const name of ['old', 'gone', 'db-01', 'web', 'web-03', 'one-more']) expect([name, (await nodeOf(name))?.key_digest ?? null]).toEqual([name, null]);
    for (const name of ['Web-01', '../x', '', 'x'.repeat(64), 'a b']) expect((await ask(door(), '/enroll', null, { token: some, name, csr: await csrOf('x') })).status).toBe(422);
  });

  it('T-H8: 50 uses at once of a token for one give exactly one certificate', async () => {
    const rounds = Number(process.env['ENROLL_ROUNDS'] ?? '3');
    const random = new Random(Number(process.env['ENROLL_SEED'] ?? '1'), 0);
    // What is raced for is the token: keys and connections are made before, so that all fifty are at the database at once.
    const csrs = await Promise.all(Array.from({ length: 50 }, (_, index) => csrOf(String(index))));
    const lines = new Lines(door().authorities.roots);
    for (let round = 0; round < rounds; round += 1) {
      const uses = 1 + Math.floor(random.next() * 3);
      const token = await door().token({ host: `race-${String(round)}-*`, uses });
      const requests = csrs.map((csr) => ({ token, name: `race-${String(round)}-${String(Math.floor(random.next() * 60))}`, csr }));
      lines.renew();
      const answers = await Promise.all(requests.map((body) => lines.post(new URL('/enroll', door().url), body)));
      const given = answers.filter(({ status }) => status === 201);
      expect([round, given.length]).toEqual([round, uses]);
      expect(answers.every(({ status }) => status === 201 || status === 401 || status === 409)).toBe(true);
      expect(await door().db.node.count({ where: { name: { startsWith: `race-${String(round)}-` }, key_digest: { not: null } } })).toBe(uses);
    }
    lines.close();
  }, 1_800_000);

  it('whose answer got lost is repeated with the same token and key, and uses nothing more', async () => {
    const stateFolder = await mkdtemp(join(door().folder, 'again-'));
    const token = await door().token({ host: 'again' });
    const first = await door().enrollHost('again', { token, stateFolder });
    const second = await door().enrollHost('again', { token, stateFolder });
    expect(second.key).toBe(first.key);
    expect(await nodeOf('again')).toMatchObject({ generation: 1 });
    await expect(door().enrollHost('again', { token })).rejects.toMatchObject({ code: 'auth_error' });
  });

  it('that may replace needs the right to revoke', async () => {
    const enroller: Actor = { kind: 'user', id: 'usr_x', name: 'enroller', rights: ['node.enroll'] };
    await expect(createEnrollment(door().db, enroller, { host: 'a', uses: 1, ttl_seconds: 60, replace: true })).rejects.toMatchObject({ code: 'permission_denied', details: { missing_right: 'node.revoke' } });
    await expect(createEnrollment(door().db, { ...enroller, rights: ['node.read'] }, { host: 'a', uses: 1, ttl_seconds: 60, replace: false })).rejects.toMatchObject({ details: { missing_right: 'node.enroll' } });
    await expect(createEnrollment(door().db, systemActor, { host: 'A b', uses: 1, ttl_seconds: 60, replace: false })).rejects.toMatchObject({ code: 'validation_error' });
  });
});

describe('a name', () => {
  it('T-H7: of a living host is not given away, but by an enrollment that replaces: then the old certificate is worth nothing', async () => {
    const old = await door().enrollHost('named');
    expect(await knows(old)).toBe(200);
    await expect(door().enrollHost('named')).rejects.toMatchObject({ code: 'conflict' });
    expect(await knows(old)).toBe(200);
    const fresh = await door().enrollHost('named', { token: await door().token({ host: 'named', replace: true }) });
    const until = Date.now() + 5_000;
    let refused = await knows(old);
    while (refused === 200 && Date.now() < until) refused = await knows(old);
    expect(refused).toBe(401);
    expect(await knows(fresh)).toBe(200);
    expect(await nodeOf('named')).toMatchObject({ generation: 2 });
  });

  it('of a revoked host is free, and what was certified before stays worthless, for the same key too', async () => {
    const stateFolder = await mkdtemp(join(door().folder, 'back-'));
    const old = await door().enrollHost('back', { stateFolder });
    const { id } = await door().db.node.findUniqueOrThrow({ where: { name: 'back' } });
    await revokeNode(door().db, systemActor, id);
    await expect(revokeNode(door().db, systemActor, id)).rejects.toMatchObject({ code: 'not_found' });
    const fresh = await door().enrollHost('back', { stateFolder });
    expect(createPrivateKey(fresh.key).equals(createPrivateKey(old.key))).toBe(true);
    expect([await knows(old), await knows(fresh)]).toEqual([401, 200]);
    expect(await nodeOf('back')).toMatchObject({ generation: 3, revoked_at: null });
  });
});

describe('a host', () => {
  it('T-H8: that finds another authority at the gateway does not send its token', async () => {
    const root = await makeRoot(new Date());
    const intermediate = await makeIntermediate(root, 1, new Date());
    const { certificate, key } = await makeServerCertificate(intermediate, ['127.0.0.1'], new Date());
    let heard = '';
    const thief = createServer({ key, cert: `${certificate}\n${intermediate.certificate}\n${root.certificate}` }, (socket) => { socket.on('error', () => undefined).on('data', (chunk) => { heard += chunk.toString(); }); });
    thief.on('tlsClientError', () => undefined);
    thief.listen(0, '127.0.0.1');
    await once(thief, 'listening');
    const url = `https://127.0.0.1:${String((thief.address() as AddressInfo).port)}`;
    await expect(door().enrollHost('careful', { gateway: url })).rejects.toMatchObject({ code: 'auth_error', message: expect.stringContaining('the token was not sent') });
    // It shows the right root, which everybody may have, over a certificate that is not from it.
    thief.setSecureContext({ key, cert: `${certificate}\n${intermediate.certificate}\n${door().authorities.root}` });
    await expect(door().enrollHost('careful', { gateway: url })).rejects.toMatchObject({ code: expect.stringMatching(/auth_error|unavailable/) });
    expect(heard).toBe('');
    thief.close();
  });

  it('keeps its key to itself, and a kill between its files is no damage', async () => {
    const stateFolder = await mkdtemp(join(door().folder, 'files-'));
    await expect(loadIdentity(stateFolder)).rejects.toMatchObject({ code: 'config_error', message: expect.stringContaining('not enrolled') });
    const identity = await door().enrollHost('files', { stateFolder });
    const folder = join(stateFolder, 'identity');
    expect((await readdir(folder)).sort()).toEqual(['ca.pem', 'certificate.pem', 'identity.json', 'key.pem']);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8'))).toEqual({ node: 'files', gateway_url: door().url, ca_digest: door().authorities.digest });
    expect(await loadIdentity(stateFolder)).toMatchObject({ node: 'files', key: identity.key });
    expect(JSON.stringify(await nodeOf('files'))).not.toContain(identity.key.slice(40, 80));
  });

  it('is given a new certificate for the same key, name and generation, and for no other', async () => {
    const stateFolder = await mkdtemp(join(door().folder, 'renew-'));
    await door().enrollHost('renewed', { stateFolder });
    const holder = await IdentityHolder.open(stateFolder);
    const before = holder.identity;
    await holder.renew();
    expect(holder.identity.certificate).not.toBe(before.certificate);
    expect(new X509Certificate(holder.identity.certificate).subjectAltName).toBe(new X509Certificate(before.certificate).subjectAltName);
    expect(await loadIdentity(stateFolder)).toEqual(holder.identity);
    expect([await knows(before), await knows(holder.identity)]).toEqual([200, 200]);
    expect((await ask(door(), '/host/v1/renew', holder.identity, { csr: await csrOf('renewed') })).status).toBe(403);
    expect((await ask(door(), '/host/v1/renew', null, { csr: await csrOf('renewed') })).status).toBe(401);
    await revokeNode(door().db, systemActor, (await nodeOf('renewed'))?.id ?? '');
    await expect(holder.renew()).rejects.toThrow();
  });

  it('whose certificate has expired renews it within a week, and does nothing else with it', async () => {
    const { authorities } = door();
    const stateFolder = await mkdtemp(join(door().folder, 'late-'));
    const identity = await door().enrollHost('late', { stateFolder });
    const request = await readHostRequest(await certificateRequest(createPrivateKey(identity.key), 'late'));
    const daysAgo = async (days: number) => ({ ...identity, certificate: `${(await makeHostCertificate(authorities.intermediate, request.publicKey, { name: 'late', generation: 1 }, new Date(Date.now() - days * 24 * 3600_000))).certificate}\n${authorities.intermediate.certificate}` });
    const csr = await certificateRequest(createPrivateKey(identity.key), 'late');
    expect(await knows(await daysAgo(3))).toBe(401);
    expect((await ask(door(), '/host/v1/renew', await daysAgo(3), { csr })).status).toBe(201);
    expect((await ask(door(), '/host/v1/renew', await daysAgo(9), { csr })).status).toBe(401);
  });
});

describe('certificates that are not ours', () => {
  it.each(['self-signed', 'of another authority', 'of another authority and expired', 'of an old generation', 'of a host that is not there'])('%s: nobody is let in', async (kind) => {
    const identity = await door().enrollHost(kind.replaceAll(' ', '-'));
    const request = await readHostRequest(await certificateRequest(createPrivateKey(identity.key), 'x'));
    const host = { name: identity.node, generation: kind === 'of an old generation' ? 7 : 1 };
    const root = await makeRoot(new Date(Date.now() - 40 * 24 * 3600_000));
    const other = await makeIntermediate(root, 1, new Date(Date.now() - 40 * 24 * 3600_000));
    const at = new Date(Date.now() - (kind.endsWith('expired') ? 3 * 24 * 3600_000 : 0));
    const issuer = kind.startsWith('of another') ? other : kind === 'self-signed' ? root : door().authorities.intermediate;
    const { certificate } = await makeHostCertificate(issuer, request.publicKey, kind === 'of a host that is not there' ? { name: 'nobody', generation: 1 } : host, at);
    const as = { ...identity, certificate: `${certificate}\n${issuer.certificate}` };
    expect(await knows(as)).toBe(401);
    expect((await ask(door(), '/host/v1/renew', as, { csr: await certificateRequest(createPrivateKey(identity.key), 'x') })).status).toBe(401);
    expect(await knows(identity)).toBe(200);
  });

  it('the gateway\'s own is no host\'s, and an intermediate neither', async () => {
    const { authorities } = door();
    const { certificate, key } = await makeServerCertificate(authorities.intermediate, ['maestro'], new Date());
    const identity = await door().enrollHost('someone');
    expect(await knows({ ...identity, key, certificate: `${certificate}\n${authorities.intermediate.certificate}` })).toBe(401);
    expect(await knows({ ...identity, key: authorities.intermediate.key, certificate: authorities.intermediate.certificate })).toBe(401);
  });
});

describe('the authority', () => {
  it('is the same for all processes on one database, at rest under the key of the vault', async () => {
    const { db, folder, authorities } = door();
    const all = await Promise.all(Array.from({ length: 5 }, () => openAuthorities(db, vaultKeys({ dataDir: folder, passphrase: undefined }))));
    for (const one of all) expect(one).toEqual(authorities);
    const rows = await db.authorityKey.findMany();
    expect(rows.map(({ kind }) => kind).sort()).toEqual(['intermediate', 'root', 'task']);
    for (const { sealed } of rows) expect(Buffer.from(sealed ?? []).toString('latin1')).not.toContain('PRIVATE KEY');
    const elsewhere = await mkdtemp(join(folder, 'other-'));
    await expect(openAuthorities(db, vaultKeys({ dataDir: elsewhere, passphrase: undefined }))).rejects.toMatchObject({ code: 'config_error' });
    expect(authorities.digest).toBe(`sha256:${createHash('sha256').update(new X509Certificate(authorities.root).raw).digest('hex')}`);
  });

  it('signs hosts by an intermediate that cannot make another authority', () => {
    const { root, intermediate } = door().authorities;
    expect(new Parsed(intermediate.certificate).getExtension(BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 0 });
    expect(new Parsed(root).getExtension(BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 1 });
    expect(new X509Certificate(intermediate.certificate).verify(new X509Certificate(root).publicKey)).toBe(true);
  });
});

test('an enrollment that fails leaves no identity behind', async () => {
  const stateFolder = await mkdtemp(join(door().folder, 'none-'));
  await expect(enroll({ gateway: door().url, caDigest: door().authorities.digest, node: 'none', token: randomBytes(32).toString('base64url'), stateFolder })).rejects.toMatchObject({ code: 'auth_error' });
  await expect(loadIdentity(stateFolder)).rejects.toMatchObject({ code: 'config_error' });
  expect(door().errors).toEqual([]);
});
