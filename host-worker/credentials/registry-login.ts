/** A login as Docker takes it with one call: it goes into a header of that call, and Docker keeps nothing of it. */
import type { DesiredPlacement } from '../../spec/desired.js';
import type { LoginOf, SourceLogin } from './logins.js';

export interface AuthConfig { serveraddress: string; username?: string; password?: string; registrytoken?: string; identitytoken?: string }

/** As a part of dockerode's options. */
export function authOf(given: SourceLogin | null): { authconfig?: AuthConfig } {
  if (given === null) return {};
  const { login, origin: { name: serveraddress } } = given;
  if (login.kind === 'password') return { authconfig: { serveraddress, username: login.username, password: login.password } };
  return login.kind === 'token' ? { authconfig: { serveraddress, [login.type]: login.token } } : {};
}

/** With a source of another kind, the login is for that one. */
export const registryLogin = async (loginOf: LoginOf | null, placement: DesiredPlacement): Promise<SourceLogin | null> => (placement.source === null && loginOf !== null ? loginOf(placement) : null);
