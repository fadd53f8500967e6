/**
 * The login for a placement's source, asked for at the moment of use: the control plane gives it while it has a run open
 * here. It stays in the memory of one activity, and everything that is told of its use goes through `redact`.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { type Login, readLogin, secretParts } from '../../spec/secrets/login.js';
import { type Origin, originOfImage, originOfRepo } from '../../spec/secrets/origin.js';
import type { ControlPlane } from '../control-plane/client.js';
import { type Redact, redactor } from '../control-plane/redact.js';

/** For people: whose login it is. */
export interface LoginOwner { component: string; host: string }

export interface SourceLogin { login: Login; origin: Origin; owner: LoginOwner; redact: Redact }

/** null: the placement's source asks for none. Throws what the control plane's answer is wrong in. */
export type LoginOf = (placement: DesiredPlacement) => Promise<SourceLogin | null>;

/** `component`: when no other one's is needed. One question, however many placements there are. */
export function loginsOf(control: Pick<ControlPlane, 'desired'>, runId: string, signal: AbortSignal, component?: string): LoginOf {
  let asked: Promise<DesiredPlacement[]> | null = null;
  const ask = (): Promise<DesiredPlacement[]> => {
    asked ??= control.desired({ run_id: runId, content: 'credential', ...(component === undefined ? {} : { component }) }, signal).catch((error: unknown) => {
      asked = null;
      throw error;
    });
    return asked;
  };
  return async (placement) => {
    if (placement.credential === undefined) return null;
    const found = (await ask()).find((candidate) => candidate.deploy_id === placement.deploy_id && candidate.component === placement.component);
    return loginFrom(placement, found?.credential?.content);
  };
}

/** Where it may go is read from what is about to be fetched, and not only from what came with it. */
function loginFrom(placement: DesiredPlacement, content: string | undefined): SourceLogin {
  const { component, host, credential, source, run } = placement;
  const origin = source?.type === 'git' ? originOfRepo(source.repo) : source === null && run.type === 'docker' ? originOfImage(run.image) : null;
  if (content === undefined || origin === null || origin.name !== credential?.origin) {
    throw new MaestroError('internal', `the control plane sent no login for what ${component} on ${host} is fetched from`, { fix: 'Retry; report it when it comes again.' });
  }
  const reading = readLogin(origin.purpose, content);
  if (!reading.ok) throw new MaestroError('config_error', `the login of ${component} on ${host} for ${origin.name} is ${reading.wrong}`, { fix: reading.fix });
  return { login: reading.login, origin, owner: { component, host }, redact: redactor([content.trim(), ...secretParts(reading.login)]) };
}

/** What is to be done when it was not taken. */
export const refusedFix = 'Check what credentials_ref names in the vault (a token may have expired, or not be allowed to read this), set it anew, and submit the deploy as a new version.';
