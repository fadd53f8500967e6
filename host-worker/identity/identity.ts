/**
 * Who this host is, in <state>/identity: its key, which never leaves it, the certificate that the gateway gave for it,
 * the authority it trusts, and where the gateway is. identity.json is written last: without it the host is not enrolled.
 */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { hostName } from '../../spec/host-names.js';
import { syncFolder, writeSynced } from '../journal/durable-file.js';
import { fileTrouble, isMissing, messageOf } from '../trouble.js';

export interface Identity {
  node: string;
  /** https://host:port */
  gatewayUrl: string;
  caDigest: string;
  /** PEM. */
  key: string;
  certificate: string;
  /** The roots it trusts, newest first: two while one replaces the other. */
  ca: string;
}

const about = z.object({ node: z.string().regex(hostName), gateway_url: z.url({ protocol: /^https$/ }), ca_digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });

export const identityFolder = (stateFolder: string): string => join(stateFolder, 'identity');
const files = (stateFolder: string) => {
  const folder = identityFolder(stateFolder);
  return { folder, key: join(folder, 'key.pem'), certificate: join(folder, 'certificate.pem'), ca: join(folder, 'ca.pem'), about: join(folder, 'identity.json') };
};

async function replaceWith(path: string, text: string): Promise<void> {
  try {
    await writeSynced(`${path}.tmp`, Buffer.from(text));
    await rename(`${path}.tmp`, path);
  } catch (error) {
    throw fileTrouble(path, 'writing the identity', error);
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw fileTrouble(path, 'reading the identity', error);
  });
}

/** The host's key, made and kept when there is none: an enrollment whose answer got lost is repeated with the same one. */
export async function ownKey(stateFolder: string): Promise<KeyObject> {
  const { folder, key } = files(stateFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = await readIfThere(key);
  if (kept !== null) return createPrivateKey(kept);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await replaceWith(key, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await syncFolder(folder);
  return privateKey;
}

/** Each file as a whole; a kill leaves the identity before or the one after, or none. */
export async function storeIdentity(stateFolder: string, identity: Omit<Identity, 'key'>): Promise<void> {
  const { folder, ...paths } = files(stateFolder);
  await replaceWith(paths.ca, identity.ca);
  await replaceWith(paths.certificate, identity.certificate);
  await replaceWith(paths.about, `${JSON.stringify({ node: identity.node, gateway_url: identity.gatewayUrl, ca_digest: identity.caDigest })}\n`);
  await syncFolder(folder);
}

const notEnrolled = (folder: string): MaestroError => new MaestroError('config_error', `this host is not enrolled: there is no identity in ${folder}`, {
  fix: 'Run the command that POST /api/enrollments answers (Nodes → Enroll), or set MAESTRO_STATE to the folder of an enrolled host.',
});

const damaged = (folder: string, cause: unknown): MaestroError => new MaestroError('config_error', `the identity in ${folder} is damaged: ${messageOf(cause).slice(0, 200)}`, { fix: 'Enroll this host again.', cause });

/** Throws config_error for a host that is not enrolled. */
export async function loadIdentity(stateFolder: string): Promise<Identity> {
  const { folder, ...paths } = files(stateFolder);
  const [key, certificate, ca, text] = await Promise.all([paths.key, paths.certificate, paths.ca, paths.about].map(readIfThere));
  if (key == null || certificate == null || ca == null || text == null) throw notEnrolled(folder);
  try {
    const { node, gateway_url: gatewayUrl, ca_digest: caDigest } = about.parse(JSON.parse(text));
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) throw new Error('the certificate is for another key');
    return { node, gatewayUrl, caDigest, key, certificate, ca };
  } catch (error) {
    throw damaged(folder, error);
  }
}

/** Digests (`sha256:…`) of the certificates in a PEM text. Throws for what is no certificate. */
export function rootDigests(ca: string): string[] {
  const blocks = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => `sha256:${createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')}`);
}

/** When a certificate begins and ends, in milliseconds. */
export function lifeOf(certificate: string): { from: number; to: number } {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}
