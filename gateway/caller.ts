/**
 * Who is at the other end of a connection: the host that its certificate names, as long as the database says so. Asked
 * when a connection opens and, for all open ones, on every change and every few seconds: a host that is revoked or
 * replaced loses what it has open within moments.
 */
import type { TLSSocket } from 'node:tls';
import { certifiedHost, currentHosts, keyDigest, renewableMs, type HostIdentity } from '../control/identity/index.js';
import type { PrismaClient } from '../prisma/client.js';
import { issuerAmong } from './authority.js';

export interface PeerCertificate {
  identity: HostIdentity;
  /** Good for a renewal and nothing else. */
  expired: boolean;
  /** PEM of the intermediate that signed it. */
  issuer: string;
}

/** TLS has found a way from a host's certificate to a root that is trusted: if its issuer is not among those that are known here, there is a newer one. */
export const isOfNewerIssuer = (socket: TLSSocket, intermediates: readonly string[]): boolean => {
  const certificate = socket.getPeerX509Certificate();
  return certificate !== undefined && socket.authorized && certifiedHost(certificate.subjectAltName) !== null && issuerAmong(certificate, intermediates) === null;
};

/** Null: no certificate, or none of a host of ours. `intermediates`: PEM. */
export function peerOf(socket: TLSSocket, intermediates: readonly string[], now = Date.now()): PeerCertificate | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const host = certifiedHost(certificate.subjectAltName);
  // TLS has checked the chain, but says "expired" also of what it could not check: so signature and use are looked at here.
  const issuer = issuerAmong(certificate, intermediates);
  if (host === null || certificate.ca || issuer === null || Date.parse(certificate.validFrom) > now) return null;
  const identity = { ...host, keyDigest: keyDigest(certificate.publicKey.export({ type: 'spki', format: 'der' })) };
  const endsAt = Date.parse(certificate.validTo);
  if (socket.authorized && endsAt > now) return { identity, issuer, expired: false };
  return endsAt <= now && now - endsAt < renewableMs ? { identity, issuer, expired: true } : null;
}

interface Open { identity: HostIdentity; issuer: string; endsAt: number | null; cut: () => void }

/** The connections that are open, each with whom it is for. */
export class Connections {
  private readonly open = new Set<Open>();
  private readonly known = new Map<string, { current: boolean; at: number }>();
  private checking: Promise<void> | null = null;
  private again = false;

  constructor(private readonly db: PrismaClient, private readonly onError: (error: unknown) => void, private readonly freshMs = 3_000) {}

  /** What is certified for `identity` is worth something. While the database is away the last answer counts. */
  async isCurrent(identity: HostIdentity): Promise<boolean> {
    const key = keyOf(identity);
    const known = this.known.get(key);
    if (known !== undefined && performance.now() - known.at < this.freshMs) return known.current;
    try {
      const current = (await currentHosts(this.db, [identity])).has(identity);
      this.known.set(key, { current, at: performance.now() });
      return current;
    } catch (error) {
      if (known === undefined) throw error;
      this.onError(error);
      return known.current;
    }
  }

  /** Returns the function to call when the connection has ended. */
  add(connection: Open): () => void {
    this.open.add(connection);
    return () => void this.open.delete(connection);
  }

  /** Cuts what is not worth anything any more. Call it on every change and every few seconds. */
  check(): Promise<void> {
    if (this.checking !== null) {
      this.again = true;
      return this.checking;
    }
    this.checking = this.checkOnce().catch(this.onError).finally(() => {
      this.checking = null;
      if (!this.again) return;
      this.again = false;
      void this.check();
    });
    return this.checking;
  }

  private async checkOnce(): Promise<void> {
    const open = [...this.open];
    const now = Date.now();
    for (const { endsAt, cut } of open) if (endsAt !== null && endsAt <= now) cut();
    const identities = new Map(open.map(({ identity }) => [keyOf(identity), identity]));
    const current = await currentHosts(this.db, [...identities.values()]);
    const at = performance.now();
    this.known.clear();
    for (const [key, identity] of identities) this.known.set(key, { current: current.has(identity), at });
    for (const { identity, cut } of open) if (this.known.get(keyOf(identity))?.current !== true) cut();
  }

  /** Cuts those whose certificates come from an intermediate that does not count any more. */
  cutIssuedByOthers(intermediates: readonly string[]): void {
    for (const { issuer, cut } of this.open) if (!intermediates.includes(issuer)) cut();
  }

  cutAll(): void {
    for (const { cut } of this.open) cut();
  }
}

const keyOf = ({ name, generation, keyDigest: digest }: HostIdentity): string => `${name} ${String(generation)} ${digest}`;
