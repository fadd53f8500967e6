/** A request for a certificate: the public key, signed with its own private key. The name in it is only for readers. */
import 'reflect-metadata';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const curve = { name: 'ECDSA', namedCurve: 'P-256' };

export async function certificateRequest(key: KeyObject, node: string): Promise<string> {
  const { subtle } = globalThis.crypto;
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('pkcs8', new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })), curve, true, ['sign']),
    subtle.importKey('spki', new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })), curve, true, ['verify']),
  ]);
  const request = await Pkcs10CertificateRequestGenerator.create({ name: `CN=${node}`, keys: { privateKey, publicKey }, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } });
  return request.toString('pem');
}
