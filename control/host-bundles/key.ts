/** The keys that releases of the host bundle are signed with: this control plane's own, the first made on first use. */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { handoverType, type Handover, type HandoverEnvelope } from '../../spec/host-bundle/handover.js';
import { payloadType, signedText, type Envelope, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { requireRight, type Actor } from '../actor.js';
import { recordAudit } from '../audit/index.js';
import type { Db } from '../database.js';
import { addKey, keyRing } from '../key-ring.js';

/** PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

interface Signature { keyid: string; sig: string }

export class ReleaseKey {
  readonly public: TrustedKey;

  constructor(private readonly key: KeyObject) {
    const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
    this.public = { id: createHash('sha256').update(raw).digest('hex').slice(0, 16), public_key: raw.toString('hex'), expires_at: null };
  }

  static fromSeed(hex: string): ReleaseKey {
    return new ReleaseKey(createPrivateKey({ key: Buffer.concat([pkcs8Prefix, Buffer.from(hex, 'hex')]), format: 'der', type: 'pkcs8' }));
  }

  private sign(payload: string, type: string): Signature {
    return { keyid: this.public.id, sig: sign(null, Buffer.from(signedText(payload, type)), this.key).toString('base64') };
  }

  /** `also`: further keys that sign it, for hosts that know one of those. */
  seal(value: unknown, also: readonly ReleaseKey[] = []): Envelope {
    const payload = Buffer.from(JSON.stringify(value)).toString('base64');
    return { payloadType, payload, signatures: [this, ...also].map((key) => key.sign(payload, payloadType)) };
  }

  /** Says to hosts that trust this key to trust the other one in its place. */
  handOver(successor: ReleaseKey): HandoverEnvelope {
    const handover: Handover = { format: 1, successor: successor.public };
    const payload = Buffer.from(JSON.stringify(handover)).toString('base64');
    return { payloadType: handoverType, payload, signatures: [this.sign(payload, handoverType)] };
  }
}

const purpose = 'host-release';
const fix = 'Restore it from a backup; without one delete it, and run the install command again on every host.';

export interface ReleaseKeyView { id: string; created_at: string; state: 'signs' | 'hands_over' }

/** Newest first; read again whenever they are needed, since another process may have added one. */
export async function releaseKeys(dataDir: string): Promise<ReleaseKey[]> {
  return (await keyRing(dataDir, purpose, fix)).map(({ hex }) => ReleaseKey.fromSeed(hex));
}

export async function viewReleaseKeys(dataDir: string): Promise<ReleaseKeyView[]> {
  return (await keyRing(dataDir, purpose, fix)).map(({ hex, createdAt }, index) => ({ id: ReleaseKey.fromSeed(hex).public.id, created_at: createdAt.toISOString(), state: index === 0 ? 'signs' : 'hands_over' }));
}

/** Asked again within half a minute, it is the same key. */
export async function rotateReleaseKey(db: Db, dataDir: string, actor: Actor): Promise<ReleaseKeyView[]> {
  requireRight(actor, 'node.revoke');
  const { added } = await addKey(dataDir, purpose, fix);
  await recordAudit(db, { actor, action: 'release_key.rotate', target: added === null ? 'none' : ReleaseKey.fromSeed(added.hex).public.id, result: 'ok', details: { added: added !== null } });
  return viewReleaseKeys(dataDir);
}
