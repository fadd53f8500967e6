/** Makes this host one of the control plane's, by the worker's own enroll command. */
import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { enrollCommand } from '../identity/enroll-command.js';
import { type Identity, loadIdentity, rootDigests } from '../identity/identity.js';
import { isMissing, messageOf } from '../trouble.js';
import type { Layout } from './layout.js';

export interface Joining { name: string | undefined; gateway: string | undefined; caDigest: string | undefined; token: string | undefined }

export async function isEnrolled({ state }: Layout): Promise<boolean> {
  return stat(join(state, 'identity', 'identity.json')).then(() => true, (error: unknown) => { if (isMissing(error)) return false; throw error; });
}

/** `changed`: it goes by another identity from now on, which a worker that runs does not know yet. */
export interface Joined { changed: boolean; said: string }

/**
 * A host that is enrolled already comes in anew by a token that is taken, as after a revocation, or at another control plane.
 * By one that is not, it stays who it is: the command of an earlier enrollment may be run again, to mend or to upgrade.
 */
export async function comeIn(layout: Layout, joining: Joining): Promise<Joined> {
  const before = (await isEnrolled(layout)) ? await loadIdentity(layout.state).catch(() => null) : null;
  if (before === null) return { changed: true, said: await enroll(layout, joining) };
  if (joining.token === undefined) return { changed: false, said: `this host is enrolled already, as ${before.node}` };
  try {
    const said = await enroll(layout, joining);
    return { changed: whoIs(await loadIdentity(layout.state)) !== whoIs(before), said };
  } catch (error) {
    if (!isOf(before, joining)) throw error;
    return { changed: false, said: `this host stays enrolled as ${before.node}; the token of this command was not taken: ${messageOf(error)}` };
  }
}

/** Of one control plane by one enrollment: its certificate names the generation of its name. */
const whoIs = ({ gatewayUrl, certificate }: Identity): string => `${gatewayUrl} ${new X509Certificate(certificate).subjectAltName ?? ''}`;

const isOf = ({ ca }: Identity, { caDigest }: Joining): boolean => caDigest === undefined || rootDigests(ca).includes(caDigest);

/** The token is handed over in memory. */
export async function enroll({ state }: Layout, { name, gateway, caDigest, token }: Joining): Promise<string> {
  if (token === undefined || gateway === undefined || caDigest === undefined) {
    throw new MaestroError('config_error', 'this host is not enrolled yet, and the command has no token, gateway or digest', { fix: 'Copy the whole install command of your control plane (Nodes, Enroll) and run it again.' });
  }
  const argv = ['--gateway', gateway, '--ca-digest', caDigest, ...(name === undefined ? [] : ['--name', name])];
  return enrollCommand(argv, { MAESTRO_STATE: state, MAESTRO_ENROLL_TOKEN: token }, process.stdin);
}
