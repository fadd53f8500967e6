/** This machine's own host worker is enrolled like any other, by the same command; only its token comes from our own gateway. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartError, reason } from './errors.js';

/** What the gateway has said when it became ready. The token is there when it was asked for. */
export interface LocalEnrollment { caDigest: string | undefined; token: string | undefined }

/** Renewal takes an expired certificate for a week; one that is near the end of that is better replaced. */
const renewableMs = 6 * 24 * 3600 * 1000;
const enrollMs = 30_000;

/** Whether there is an identity of that name, with a certificate that is good or can be renewed. */
export function isEnrolled(stateFolder: string, node: string): boolean {
  try {
    const folder = join(stateFolder, 'identity');
    const about: unknown = JSON.parse(readFileSync(join(folder, 'identity.json'), 'utf8'));
    const { validTo } = new X509Certificate(readFileSync(join(folder, 'certificate.pem')));
    return typeof about === 'object' && about !== null && 'node' in about && about.node === node && Date.parse(validTo) + renewableMs > Date.now();
  } catch {
    return false;
  }
}

interface Here { program: string; stateFolder: string; node: string; gatewayUrl: string; local: LocalEnrollment }

export async function enrollHere({ program, stateFolder, node, gatewayUrl, local }: Here): Promise<void> {
  const { caDigest, token } = local;
  if (isEnrolled(stateFolder, node) || caDigest === undefined || token === undefined) return;
  const env = { NODE_ENV: 'production' as const, PATH: process.env['PATH'] ?? '', MAESTRO_STATE: stateFolder, MAESTRO_ENROLL_TOKEN: token };
  try {
    await promisify(execFile)(process.execPath, [program, 'enroll', '--gateway', gatewayUrl, '--ca-digest', caDigest, '--name', node], { env, timeout: enrollMs });
  } catch (error) {
    throw new StartError(`this machine's host worker could not be enrolled (${reason(error)})`, 'read the lines above and the log of the gateway, then start again', 'gateway.log');
  }
  local.token = undefined;
}
