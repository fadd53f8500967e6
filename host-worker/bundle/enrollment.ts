/** Makes this host one of the control plane's, by the worker's own enroll command. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { enrollCommand } from '../identity/enroll-command.js';
import { isMissing } from '../trouble.js';
import type { Layout } from './layout.js';

export interface Joining { name: string | undefined; gateway: string | undefined; caDigest: string | undefined; token: string | undefined }

export async function isEnrolled({ state }: Layout): Promise<boolean> {
  return stat(join(state, 'identity', 'identity.json')).then(() => true, (error: unknown) => { if (isMissing(error)) return false; throw error; });
}

/** The token is handed over in memory. */
export async function enroll({ state }: Layout, { name, gateway, caDigest, token }: Joining): Promise<string> {
  if (token === undefined || gateway === undefined || caDigest === undefined) {
    throw new MaestroError('config_error', 'this host is not enrolled yet, and the command has no token, gateway or digest', { fix: 'Copy the whole install command of your control plane (Nodes, Enroll) and run it again.' });
  }
  const argv = ['--gateway', gateway, '--ca-digest', caDigest, ...(name === undefined ? [] : ['--name', name])];
  return enrollCommand(argv, { MAESTRO_STATE: state, MAESTRO_ENROLL_TOKEN: token }, process.stdin);
}
