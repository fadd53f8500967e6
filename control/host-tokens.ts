/** A host's token is derived from its name: nothing to store per host, and one host's token is no use for another. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { keyFile } from './key-file.js';

/** The key behind all host tokens, 32 bytes as hex, made on first use. */
export const hostTokenKey = (dataDir: string): Promise<string> =>
  keyFile(dataDir, 'host-token.key', 'Restore it from a backup; or remove it, and give every host worker its new token.');

const keyed = (key: string, text: string): Buffer => createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest();

/** `key` as from hostTokenKey: hex of the 32 bytes that are used. */
export const hostToken = (key: string, node: string): string => keyed(key, `host:${node}`).toString('hex');

/** Takes the same time whatever was given. */
export function isHostToken(key: string, node: string, given: string): boolean {
  return timingSafeEqual(keyed(key, hostToken(key, node)), keyed(key, given));
}
