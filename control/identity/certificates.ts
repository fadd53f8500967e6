/**
 * Certificates of the internal authority. Of what a host asks for only its public key is taken: names, validity and uses
 * are ours alone.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createHash, createPublicKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { MaestroError } from '../../spec/errors.js';

const curve = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const dayMs = 24 * 3600 * 1000;
/** Clocks of hosts may be behind ours. */
const earlierMs = 5 * 60 * 1000;
export const hostCertificateMs = dayMs;
export const serverCertificateMs = 7 * dayMs;
export const intermediateMs = 365 * dayMs;
/** Expired for longer than this, a certificate is not renewed any more: the host has to be enrolled again. */
export const renewableMs = 7 * dayMs;
const rootMs = 3652 * dayMs;
const requestBytesMax = 8 << 10;

/** A certificate that signs others. `key`: PKCS #8 in PEM. */
export interface Authority { certificate: string; key: string }
export interface Issued { certificate: string; expiresAt: Date }

const { subtle } = webcrypto;
const generate = (): Promise<webcrypto.CryptoKeyPair> => subtle.generateKey(curve, true, ['sign', 'verify']);
const serialNumber = (): string => `01${randomBytes(15).toString('hex')}`;

export const certificateDigest = (pem: string): string => `sha256:${createHash('sha256').update(new Uint8Array(new x509.X509Certificate(pem).rawData)).digest('hex')}`;

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [bytes] = x509.PemConverter.decode(pem);
  return subtle.importKey('pkcs8', bytes ?? new ArrayBuffer(0), curve, false, ['sign']);
}

const authorityExtensions = async (publicKey: webcrypto.CryptoKey, pathLength: number): Promise<x509.Extension[]> => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  await x509.SubjectKeyIdentifierExtension.create(publicKey),
];

export async function makeRoot(now: Date): Promise<Authority> {
  const keys = await generate();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(), name: 'CN=Maestro root,O=Maestro', keys, signingAlgorithm: signing,
    notBefore: new Date(now.getTime() - earlierMs), notAfter: new Date(now.getTime() + rootMs), extensions: await authorityExtensions(keys.publicKey, 1),
  });
  return { certificate: root.toString('pem'), key: await pemOf(keys.privateKey) };
}

export async function makeIntermediate(root: Authority, number: number, now: Date): Promise<Authority> {
  const keys = await generate();
  const certificate = await sign(root, keys.publicKey, `CN=Maestro hosts ${String(number)},O=Maestro`, now, intermediateMs, await authorityExtensions(keys.publicKey, 0));
  return { certificate: certificate.certificate, key: await pemOf(keys.privateKey) };
}

/** The root as the one before it vouches for it: whoever trusts that one alone trusts what comes from this one, too. Of the same name, so that it does not count as a step of the path. */
export async function crossSign(before: Authority, root: Authority, now: Date): Promise<string> {
  const { publicKey, subject } = new x509.X509Certificate(root.certificate);
  const key = await publicKey.export(curve, ['verify']);
  return (await sign(before, key, subject, now, rootMs, await authorityExtensions(key, 1))).certificate;
}

/** Whether `certificate` was signed by `issuer`; both PEM. Validity is not looked at. */
export function isIssuedBy(certificate: string, issuer: string): boolean {
  const [one, other] = [new X509Certificate(certificate), new X509Certificate(issuer)];
  return one.checkIssued(other) && one.verify(other.publicKey);
}

async function sign(issuer: Authority, publicKey: webcrypto.CryptoKey | x509.PublicKey, subject: string, now: Date, lifeMs: number, extensions: x509.Extension[]): Promise<Issued> {
  const signer = new x509.X509Certificate(issuer.certificate);
  const expiresAt = new Date(Math.min(now.getTime() + lifeMs, signer.notAfter.getTime()));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(), subject, issuer: signer.subjectName, notBefore: new Date(now.getTime() - earlierMs), notAfter: expiresAt,
    publicKey, signingKey: await signingKey(issuer.key), signingAlgorithm: signing,
    extensions: [...extensions, await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey)],
  });
  return { certificate: certificate.toString('pem'), expiresAt };
}

const leafExtensions = (use: x509.ExtendedKeyUsage, names: { type: 'dns' | 'ip' | 'url'; value: string }[]): x509.Extension[] => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([use]),
  new x509.SubjectAlternativeNameExtension(names),
];

/** For the gateway, under the names that hosts reach it by. */
export async function makeServerCertificate(issuer: Authority, names: readonly string[], now: Date): Promise<Issued & { key: string }> {
  const keys = await generate();
  const alternatives = names.map((value) => ({ type: isIP(value) === 0 ? 'dns' as const : 'ip' as const, value }));
  const issued = await sign(issuer, keys.publicKey, 'CN=Maestro gateway', now, serverCertificateMs, leafExtensions(x509.ExtendedKeyUsage.serverAuth, alternatives));
  return { ...issued, key: await pemOf(keys.privateKey) };
}

/** Who a certificate is for: the host's name, and which of the keys that the name has had. */
export interface CertifiedHost { name: string; generation: number }

const uriOf = ({ name, generation }: CertifiedHost): [string, string] => [`maestro://maestro/host/${name}`, `maestro://maestro/generation/${String(generation)}`];
const certified = /^URI:maestro:\/\/maestro\/host\/([a-z0-9][a-z0-9._-]{0,62}), URI:maestro:\/\/maestro\/generation\/([1-9][0-9]{0,9})$/;

/** As node prints the alternative names of a certificate. Null: not one of a host. */
export function certifiedHost(subjectAltName: string | undefined): CertifiedHost | null {
  const [, name, generation] = certified.exec(subjectAltName ?? '') ?? [];
  return name === undefined ? null : { name, generation: Number(generation) };
}

export function makeHostCertificate(issuer: Authority, publicKey: x509.PublicKey, host: CertifiedHost, now: Date, lifeMs = hostCertificateMs): Promise<Issued> {
  const names = uriOf(host).map((value) => ({ type: 'url' as const, value }));
  return sign(issuer, publicKey, `CN=${host.name}`, now, lifeMs, leafExtensions(x509.ExtendedKeyUsage.clientAuth, names));
}

/** sha256 of the public key's SPKI, as hex. */
export const keyDigest = (spki: ArrayBuffer | Buffer): string => createHash('sha256').update(new Uint8Array(spki)).digest('hex');

export interface HostRequest { publicKey: x509.PublicKey; digest: string }

const refused = (message: string): MaestroError => new MaestroError('validation_error', message, { fix: 'Send a PKCS #10 request in PEM, signed with the P-256 key that it is for.' });

/** The key of a request whose sender has it. Throws validation_error for everything else; names and extensions are not read. */
export async function readHostRequest(pem: string): Promise<HostRequest> {
  if (pem.length > requestBytesMax) throw refused('The certificate request is too large');
  let request: x509.Pkcs10CertificateRequest;
  let curveName: string | undefined;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
    curveName = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' }).asymmetricKeyDetails?.namedCurve;
  } catch {
    throw refused('The certificate request cannot be read');
  }
  if (curveName !== 'prime256v1') throw refused('The key is not one on the curve P-256');
  if (!(await request.verify().catch(() => false))) throw refused('The certificate request is not signed with its own key');
  return { publicKey: request.publicKey, digest: keyDigest(request.publicKey.rawData) };
}
