/** A release as the control plane signs it, and a folder as its manifest describes it: both are checked to the last byte. */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MaestroError } from '../../spec/errors.js';
import { usableKey } from '../../spec/host-bundle/accept.js';
import { bundleManifest, envelope, release, signedText, type BundleManifest, type Release, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { messageOf } from '../trouble.js';

const refused = (reason: string, message: string, cause?: unknown): MaestroError =>
  new MaestroError('config_error', message, { fix: 'Fetch it again; when it happens again, somebody is changing what this host downloads.', details: { reason }, cause });

export const publicKeyOf = ({ public_key: raw }: TrustedKey): KeyObject => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw, 'hex').toString('base64url') }, format: 'jwk' });

export const keyId = (publicKey: string): string => createHash('sha256').update(Buffer.from(publicKey, 'hex')).digest('hex').slice(0, 16);

/** Throws config_error unless one of `keys` has signed it. */
export function openRelease(text: string, keys: readonly TrustedKey[], nowMs: number): Release {
  const sealed = parsed(envelope, text);
  const key = usableKey(keys, sealed.signatures.map(({ keyid }) => keyid), nowMs);
  if (key instanceof MaestroError) throw key;
  const signatures = sealed.signatures.filter(({ keyid }) => keyid === key.id);
  if (!signatures.some(({ sig }) => verify(null, Buffer.from(signedText(sealed.payload)), publicKeyOf(key), Buffer.from(sig, 'base64')))) {
    throw refused('signature', 'the signature of the release is not right');
  }
  return parsed(release, Buffer.from(sealed.payload, 'base64').toString('utf8'));
}

function parsed<T>(schema: { parse(value: unknown): T }, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw refused('format', `the release cannot be read: ${messageOf(error).slice(0, 300)}`, error);
  }
}

/** The manifest of a folder whose files are exactly those it lists; without `manifestSha256`, as that manifest says. */
export async function verifyFolder(folder: string, manifestSha256?: string): Promise<BundleManifest> {
  const bytes = await readFile(join(folder, 'manifest.json')).catch((error: unknown) => { throw refused('manifest', `${folder} has no manifest`, error); });
  if (manifestSha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== manifestSha256) throw refused('manifest', `the manifest in ${folder} is not the one of the release`);
  const manifest = parsed(bundleManifest, bytes.toString('utf8'));
  const there = await filesIn(folder);
  const listed = new Set(['manifest.json', ...manifest.files.map(({ path }) => path)]);
  const foreign = there.find((path) => !listed.has(path));
  if (foreign !== undefined) throw refused('foreign_file', `${foreign} in ${folder} is not a part of the bundle`);
  for (const { path, sha256, bytes: size } of manifest.files) {
    const status = there.includes(path) ? await lstat(join(folder, path)) : null;
    if (status === null || !status.isFile() || status.size !== size || (await sha256Of(join(folder, path))) !== sha256) throw refused('file', `${path} in ${folder} is not what the manifest says`);
  }
  return manifest;
}

/** As the manifest says, whatever unpacked them. */
export const setModes = async (folder: string, { files }: BundleManifest): Promise<void> => {
  await Promise.all([chmod(folder, 0o755), ...files.map(({ path, mode }) => chmod(join(folder, path), mode))]);
};

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Relative paths of all that is no folder. */
async function filesIn(folder: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const found = await Promise.all(entries.map((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesIn(folder, path) : [path];
  }));
  return found.flat();
}
