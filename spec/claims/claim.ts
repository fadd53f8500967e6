/**
 * What a placement takes on its host for itself alone: names, ports, places for files. Claims are compared inside of
 * a deploy and between deploys by the same code.
 */
import { addressesMeet } from './address.js';

export interface NameClaim { kind: 'container' | 'unit' | 'volume'; name: string }
/** `from` to `to`, both included; `address` as `canonicalAddress` writes it. */
export interface PortClaim { kind: 'port'; protocol: 'tcp' | 'udp'; address: string; from: number; to: number }
/** `folder`: one that is flipped to a new release as a whole. Other folders may hold files of several components. */
export interface PathClaim { kind: 'file' | 'folder'; path: string }
export type Claim = NameClaim | PortClaim | PathClaim;

export const isPath = (claim: Claim): claim is PathClaim => claim.kind === 'file' || claim.kind === 'folder';

export const isWithin = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** Whether one host cannot give both. */
export function clash(a: Claim, b: Claim): boolean {
  if (isPath(a)) return isPath(b) && (a.path === b.path || isWithin(a.path, b.path) || isWithin(b.path, a.path));
  if (a.kind === 'port') return b.kind === 'port' && a.protocol === b.protocol && a.from <= b.to && b.from <= a.to && addressesMeet(a.address, b.address);
  return b.kind === a.kind && 'name' in b && a.name === b.name;
}

/**
 * One component may put files beside the releases of its own flipped folder: the flip touches `releases` and `current`
 * alone. Anybody else's file there would be lost to whoever takes the folder for theirs.
 */
export function mayStandTogether(a: Claim, b: Claim): boolean {
  if (!isPath(a) || !isPath(b)) return false;
  const [outer, inner] = isWithin(a.path, b.path) ? [b, a] : [a, b];
  if (outer.kind !== 'folder' || !isWithin(inner.path, outer.path)) return false;
  const [first = ''] = inner.path.slice(outer.path.length + 1).split('/', 1);
  return first !== 'current' && first !== 'releases';
}

/** The thing itself; of ports, those that both of them want. */
export function claimName(claim: Claim, other: Claim = claim): string {
  if (isPath(claim)) return claim.path;
  if (claim.kind !== 'port') return `the ${claim.kind} ${claim.name}`;
  const [from, to] = other.kind === 'port' ? [Math.max(claim.from, other.from), Math.min(claim.to, other.to)] : [claim.from, claim.to];
  return `port ${from === to ? from : `${from}-${to}`}/${claim.protocol}`;
}

/** How two paths that are not the same get into each other's way; empty for everything else. */
export function nesting(claim: Claim, other: Claim): string {
  if (!isPath(claim) || !isPath(other) || claim.path === other.path) return '';
  return isWithin(claim.path, other.path) ? `it is inside of ${other.path}` : `${other.path} is inside of it`;
}
