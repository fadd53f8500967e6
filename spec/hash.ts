/**
 * Hashes of canonical data. Canonical means: object keys sorted, no undefined, so that documents that say
 * the same in another order hash equal. Pure JavaScript, since the language may not touch the platform.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DesiredPlacement, DesiredTree, SecretValue } from './desired.js';

export const sha256Hex = (data: Uint8Array | string): string => bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data));

/** JSON with sorted keys; undefined members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** Hash of a folder: paths, modes and contents, in path order. Owners are compared apart. */
export function treeHash(files: readonly { path: string; sha256: string; mode: number }[]): string {
  const entries = files.map(({ path, sha256: digest, mode }) => ({ path, sha256: digest, mode }));
  return sha256Hex(canonicalJson(entries.sort((a, b) => (a.path < b.path ? -1 : 1))));
}

type Hashed = Omit<DesiredPlacement, 'hash' | 'version' | 'files' | 'trees'> & {
  files: readonly Omit<DesiredPlacement['files'][number], 'content'>[];
  trees: readonly DesiredTree[];
};

/** A secret variable is its digest; its value is only there when the host is about to use it. */
function withoutSecretContents<T extends object>(of: T): T {
  if (!('secret_env' in of) || of.secret_env === undefined) return of;
  return { ...of, secret_env: Object.fromEntries(Object.entries(of.secret_env as Record<string, SecretValue>).map(([name, { digest }]) => [name, { digest }])) };
}

/** component_hash: everything that has an effect on the host, and nothing else (no version number, no contents). */
export function componentHash(placement: Hashed): string {
  const files = placement.files.map(({ path, sha256: digest, mode, owner, group, strategy }) => ({ path, digest, mode, owner, group, strategy }));
  const trees = placement.trees.map(({ dest, strategy, tree_hash, owner, group }) => ({ dest, strategy, tree_hash, owner, group }));
  const { component, component_directory, healthcheck } = placement;
  // Left out where there are none: what was applied before there were sources keeps its hash.
  const { content_version: _, ...source } = placement.source ?? { content_version: 0 };
  const build = placement.build.length > 0 ? placement.build.map(withoutSecretContents) : undefined;
  return sha256Hex(canonicalJson({ component, component_directory, source: placement.source === null ? undefined : source, build, run: withoutSecretContents(placement.run), healthcheck, files, trees }));
}
