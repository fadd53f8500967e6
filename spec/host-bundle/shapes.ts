/**
 * What a host bundle says of itself (`manifest.json`, in it), and what the control plane says of it (the release, signed
 * with Ed25519 in a DSSE envelope when it is asked for, and good for a day: an old one cannot be shown to a host for ever).
 */
import { z } from 'zod';
import { isVersion } from './version.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const build = z.string().regex(/^[0-9a-f]{12}$/);
const version = z.string().refine(isVersion, 'must be a version');
export const platforms = ['linux-x64', 'linux-arm64'] as const;
export type Platform = (typeof platforms)[number];
const platform = z.enum(platforms);
const glibc = z.string().regex(/^2\.\d{1,3}$/);
const bytes = z.number().int().nonnegative().max(2 ** 31);

/** Relative, and nowhere but inside: no `..`, no empty part. */
const inside = z.string().max(200).regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/);

export const bundleManifest = z.strictObject({
  format: z.literal(1), version, platform, node: z.string().max(40), glibc, build,
  files: z.array(z.strictObject({ path: inside, mode: z.union([z.literal(0o755), z.literal(0o644)]), bytes, sha256 })).min(1).max(1000),
});
export type BundleManifest = z.infer<typeof bundleManifest>;

/** Written by the build, beside the archive. */
export const archiveFacts = z.strictObject({ file: z.string().regex(/^maestro-host-[0-9A-Za-z.-]{1,100}\.tar\.gz$/), version, platform, build, glibc, bytes, sha256, manifest_sha256: sha256 });
export type ArchiveFacts = z.infer<typeof archiveFacts>;

const time = z.iso.datetime();
export const release = z.strictObject({ format: z.literal(1), archive: archiveFacts, issued_at: time, expires_at: time });
export type Release = z.infer<typeof release>;

/** DSSE: the payload is signed as the bytes that it is, so nothing depends on how JSON is written. */
export const payloadType = 'application/vnd.maestro.host-release+json';
export const envelope = z.strictObject({
  payloadType: z.literal(payloadType),
  payload: z.base64().max(20_000),
  signatures: z.array(z.strictObject({ keyid: z.string().regex(/^[0-9a-f]{16}$/), sig: z.base64().max(200) })).min(1).max(8),
});
export type Envelope = z.infer<typeof envelope>;

/** DSSE's pre-authentication encoding, of a payload in base64 that holds ASCII. */
export const signedText = (payload: string, type: string = payloadType): string => `DSSEv1 ${String(type.length)} ${type} ${String(payload.length)} ${payload}`;

/** A key whose releases a host accepts. `id`: the first 16 hex digits of the SHA-256 of the raw public key. */
export const trustedKey = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/), public_key: z.string().regex(/^[0-9a-f]{64}$/), expires_at: time.nullable() });
export type TrustedKey = z.infer<typeof trustedKey>;

/** The folder of a bundle on a host. */
export const folderName = ({ version: of, build: digest }: Pick<BundleManifest, 'version' | 'build'>): string => `${of}-${digest}`;
export const buildOf = (name: string): string => name.slice(name.lastIndexOf('-') + 1);
export const isFolderName = (name: string): boolean => /^[0-9]+\.[0-9A-Za-z.-]{1,70}-[0-9a-f]{12}$/.test(name);

export const releaseMs = 24 * 3600 * 1000;
