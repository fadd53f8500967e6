/** Makes this host one of the control plane's: the bundle's own enroll program, or what its environment file holds. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { syncFolder, writeSynced } from '../journal/durable-file.js';
import type { Layout } from './layout.js';

export interface Joining { url: string; name: string | undefined; gateway: string | undefined; caDigest: string | undefined; token: string | undefined }

export const isEnrolled = ({ environmentFile }: Layout): boolean => existsSync(environmentFile);

const plain = (name: string, value: string): string => {
  if (/^[A-Za-z0-9._:/[\]-]+$/.test(value)) return `${name}=${value}\n`;
  throw new MaestroError('config_error', `${name} has characters that do not belong there`, { fix: 'Copy the install command again.' });
};

/** The token stays in this process and in a file that root alone reads. */
export async function enroll({ environmentFile }: Layout, { url, name, gateway, token }: Joining): Promise<void> {
  if (token === undefined || gateway === undefined) {
    throw new MaestroError('config_error', 'this host is not enrolled yet, and the command has no token or no gateway', { fix: 'Copy the whole install command of your control plane (Nodes, Enroll) and run it again.' });
  }
  const lines = [
    plain('MAESTRO_NODE', name ?? hostname()), plain('MAESTRO_URL', url), plain('MAESTRO_TEMPORAL_ADDRESS', gateway), plain('MAESTRO_HOST_TOKEN', token),
    plain('MAESTRO_INSECURE_TEMPORAL', '1'),
  ];
  await mkdir(dirname(environmentFile), { recursive: true });
  await writeSynced(`${environmentFile}.tmp`, Buffer.from(lines.join('')));
  await chmod(`${environmentFile}.tmp`, 0o600);
  await rename(`${environmentFile}.tmp`, environmentFile);
  await syncFolder(dirname(environmentFile));
}
