/** The key that releases of the host bundle are signed with: this control plane's own, made on first use. */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { payloadType, signedText, type Envelope, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { keyFile } from '../key-file.js';

/** PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

export class ReleaseKey {
  readonly public: TrustedKey;

  constructor(private readonly key: KeyObject) {
    const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
    this.public = { id: createHash('sha256').update(raw).digest('hex').slice(0, 16), public_key: raw.toString('hex'), expires_at: null };
  }

  static fromSeed(hex: string): ReleaseKey {
    return new ReleaseKey(createPrivateKey({ key: Buffer.concat([pkcs8Prefix, Buffer.from(hex, 'hex')]), format: 'der', type: 'pkcs8' }));
  }

  seal(value: unknown): Envelope {
    const payload = Buffer.from(JSON.stringify(value)).toString('base64');
    return { payloadType, payload, signatures: [{ keyid: this.public.id, sig: sign(null, Buffer.from(signedText(payload)), this.key).toString('base64') }] };
  }
}

/** Hosts go on trusting the key that they were installed with; with another one, the install command has to be run on each. */
export const releaseKey = async (dataDir: string): Promise<ReleaseKey> =>
  ReleaseKey.fromSeed(await keyFile(dataDir, 'host-release.key', 'Restore it from a backup; without one delete it, and run the install command again on every host.'));
