/**
 * The authority as a gateway has it: read again whenever it has changed, with a certificate of its own that is renewed
 * in time. Hosts whose certificates are behind are found out, and told so with the answer to their hello.
 */
import { X509Certificate } from 'node:crypto';
import { authorityMark, certificateDigest, type HostIdentity, isIssuedBy, type IssuingAuthorities, makeServerCertificate, noteTrust, openAuthorities } from '../control/identity/index.js';
import type { VaultKeys } from '../control/secrets/index.js';
import type { PrismaClient } from '../prisma/client.js';

export interface ServerCertificate { key: string; cert: string }

export interface AuthorityKeeperOptions {
  db: PrismaClient;
  keys: VaultKeys;
  /** Under which hosts reach this gateway. */
  names: readonly string[];
  hostCertificateMs?: number | undefined;
  onError(error: unknown): void;
}

export class AuthorityKeeper {
  private readonly listeners = new Set<() => void>();
  private checking: Promise<void> | null = null;
  private again = false;
  private rootsOfIntermediates = new Map<string, string>();

  private constructor(private readonly options: AuthorityKeeperOptions, private current: IssuingAuthorities, private mark: string, private presented: ServerCertificate & { renewAt: number }) {}

  static async open(options: AuthorityKeeperOptions): Promise<AuthorityKeeper> {
    // First made, then marked: a change in between is seen by the next look.
    await openAuthorities(options.db, options.keys);
    const mark = await authorityMark(options.db);
    const current = await opened(options);
    return new AuthorityKeeper(options, current, mark, await present(current, options.names));
  }

  get authorities(): IssuingAuthorities { return this.current; }
  get certificate(): ServerCertificate { return this.presented; }

  /** After every change, of the certificate too. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Looks for changes. Call it when there may be some, and every few seconds; never throws. */
  check(): Promise<void> {
    if (this.checking !== null) {
      this.again = true;
      return this.checking;
    }
    this.checking = this.checkOnce().catch(this.options.onError).finally(() => { this.checking = null; });
    return this.checking;
  }

  private async checkOnce(): Promise<void> {
    do {
      this.again = false;
      const mark = await authorityMark(this.options.db);
      if (mark === this.mark && Date.now() < this.presented.renewAt) continue;
      const current = await opened(this.options);
      const presented = await present(current, this.options.names);
      Object.assign(this, { current, presented, mark, rootsOfIntermediates: new Map() });
      for (const listener of this.listeners) listener();
    } while (this.again);
  }

  /** Digest of the root that an intermediate of ours comes from. */
  rootOf(intermediate: string): string | null {
    const known = this.rootsOfIntermediates.get(intermediate);
    if (known !== undefined) return known;
    const root = this.current.roots.find((pem) => isIssuedBy(intermediate, pem));
    if (root === undefined) return null;
    const digest = certificateDigest(root);
    this.rootsOfIntermediates.set(intermediate, digest);
    return digest;
  }
}

const opened = async ({ db, keys, hostCertificateMs }: AuthorityKeeperOptions): Promise<IssuingAuthorities> =>
  ({ ...(await openAuthorities(db, keys)), ...(hostCertificateMs === undefined ? {} : { hostCertificateMs }) });

async function present(authorities: IssuingAuthorities, names: readonly string[]): Promise<ServerCertificate & { renewAt: number }> {
  const { certificate, key, expiresAt } = await makeServerCertificate(authorities.intermediate, names, new Date());
  return { key, cert: `${certificate}\n${authorities.shown}\n`, renewAt: Date.now() + (2 / 3) * (expiresAt.getTime() - Date.now()) };
}

/** The one of `intermediates` (PEM) that has signed it; null: none. */
export const issuerAmong = (certificate: X509Certificate, intermediates: readonly string[]): string | null =>
  intermediates.find((pem) => {
    const issuer = new X509Certificate(pem);
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  }) ?? null;

/** So often at least is written down what a host shows, even when it was told the same before. */
const notedMs = 60_000;

/** Compares what hosts have with what they should have. */
export class HostsTrust {
  private readonly noted = new Map<string, { text: string; at: number }>();

  constructor(private readonly db: PrismaClient, private readonly keeper: AuthorityKeeper) {}

  /** Whether the host should renew now. `trusts`: digests by its own account; absent: it does not say. */
  async renewalDue(identity: HostIdentity, issuer: string, trusts: readonly string[] | undefined): Promise<boolean> {
    const shown = this.keeper.rootOf(issuer);
    if (shown === null) return true;
    await this.note(identity, shown, trusts ?? []);
    const wanted = this.keeper.authorities.roots.map(certificateDigest);
    const differs = trusts !== undefined && (trusts.length !== wanted.length || wanted.some((digest) => !trusts.includes(digest)));
    return shown !== wanted[0] || differs;
  }

  private async note(identity: HostIdentity, shown: string, trusts: readonly string[]): Promise<void> {
    const key = `${identity.name} ${String(identity.generation)}`;
    const text = [shown, ...trusts].join(' ');
    const before = this.noted.get(key);
    const now = performance.now();
    if (before?.text === text && now - before.at < notedMs) return;
    await noteTrust(this.db, identity, { shown, trusts });
    this.noted.set(key, { text, at: now });
  }

  /** Hosts that were not heard for long are forgotten. */
  forget(): void {
    const now = performance.now();
    for (const [key, { at }] of this.noted) if (now - at > 2 * notedMs) this.noted.delete(key);
  }
}
