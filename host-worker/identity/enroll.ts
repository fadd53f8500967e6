/**
 * `enroll`: this host makes its key and becomes known to a control plane. The token is sent to nobody but the gateway
 * whose authority has the digest that came with it.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { hostname } from 'node:os';
import { connect } from 'node:tls';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { hostName } from '../../spec/host-names.js';
import { messageOf } from '../trouble.js';
import { certificateRequest } from './certificate-request.js';
import { type Identity, ownKey, rootDigests, storeIdentity } from './identity.js';
import { fetchOnce } from './request.js';

export interface EnrollOptions { /** https://host:port */ gateway: string; caDigest: string; token: string; node: string; stateFolder: string }

const timeoutMs = 15_000;
const chainMax = 5;

export const credentials = z.object({ node: z.string(), certificate: z.string().min(1), ca: z.string().min(1), expires_at: z.string() });

/** Whom to trust from now on, as a gateway that is trusted says it: the newest root first. */
export function trustedBy(ca: string): Pick<Identity, 'ca' | 'caDigest'> {
  const [newest] = rootDigests(ca);
  if (newest === undefined) throw new MaestroError('internal', 'the gateway has named no authority to trust', { fix: 'Install the same version of Maestro on the control plane and on this host.' });
  return { ca, caDigest: newest };
}

const unreachable = (gateway: string, error: unknown): MaestroError =>
  new MaestroError('unavailable', `the gateway at ${gateway} cannot be reached: ${messageOf(error)}`, { fix: 'Check the address, and that the port of the gateway is open from this host.', cause: error });

const otherAuthority = (gateway: string): MaestroError =>
  new MaestroError('auth_error', `what answers at ${gateway} is not of the authority that was named; the token was not sent`, { fix: 'Take the command of a new enrollment; if that does not help, find out who answers there.' });

/** The certificate of that digest in the chain that the gateway shows, as PEM. Nothing is sent to it. */
function shownRoot({ gateway, caDigest }: Pick<EnrollOptions, 'gateway' | 'caDigest'>): Promise<string> {
  const { hostname: host, port } = new URL(gateway);
  return new Promise((resolve, reject) => {
    // Nothing is believed yet: this connection only looks, and the next one is checked against what was found.
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 443 : port), rejectUnauthorized: false, minVersion: 'TLSv1.3', timeout: timeoutMs });
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.once('error', (error) => reject(unreachable(gateway, error)));
    socket.once('secureConnect', () => {
      const found = chainOf(socket.getPeerX509Certificate()).find((certificate) => `sha256:${createHash('sha256').update(certificate.raw).digest('hex')}` === caDigest);
      socket.destroy();
      if (found === undefined) reject(otherAuthority(gateway));
      else resolve(found.toString());
    });
  });
}

function chainOf(leaf: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let at = leaf; at !== undefined && chain.length < chainMax; at = at.issuerCertificate) chain.push(at);
  return chain;
}

const refusal = (status: number, said: { code?: string | undefined; message?: string | undefined; suggested_fix?: string | undefined }): MaestroError =>
  new MaestroError(status === 401 ? 'auth_error' : status === 409 ? 'conflict' : status === 403 ? 'permission_denied' : status === 429 ? 'rate_limited' : 'internal',
    `the gateway did not enroll this host (${String(status)}): ${said.message ?? 'no reason given'}`, { fix: said.suggested_fix ?? 'Make a new enrollment and try again.' });

const problem = z.object({ code: z.string().optional(), message: z.string().optional(), suggested_fix: z.string().optional() }).catch({});

/** Safe to repeat after any failure; with the same token as long as the answer was not stored. */
export async function enroll(options: EnrollOptions): Promise<Identity> {
  const { gateway, token, node, stateFolder } = options;
  const root = await shownRoot(options);
  const key = await ownKey(stateFolder);
  const agent = new Agent({ ca: root, minVersion: 'TLSv1.3', keepAlive: false });
  const body = { token, name: node, csr: await certificateRequest(key, node) };
  const response = await fetchOnce({ url: new URL('/enroll', gateway), body, agent, signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => { throw unreachable(gateway, error); });
  const answer: unknown = await response.json().catch(() => null);
  if (response.status !== 201) throw refusal(response.status, problem.parse(answer));
  const given = credentials.parse(answer);
  const identity = { node: given.node, gatewayUrl: gateway, ...trustedBy(given.ca), certificate: given.certificate };
  await storeIdentity(stateFolder, identity);
  return { ...identity, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const wrongName = (name: string): MaestroError => new MaestroError('validation_error', `"${name}" cannot be the name of a host`, { fix: 'Give a name with --name: lower case letters, digits, ".", "_" and "-", at most 63.' });

/** The name that a host goes by when none is given. Throws validation_error for one that cannot be. */
export function nodeNamed(given: string | undefined): string {
  const name = given ?? hostname().split('.')[0]?.toLowerCase() ?? '';
  if (!hostName.test(name)) throw wrongName(name);
  return name;
}
