/** What the value of a secret is as a login for a repository or a registry. Nothing of a value is in what is told of it. */

/** Where a login may go: scheme, host and port of a repository, or the host of a registry. */
export type LoginPurpose = 'https' | 'ssh' | 'registry';

export type Login =
  | { kind: 'password'; username: string; password: string }
  /** A private key, as ssh reads it. */
  | { kind: 'key'; key: string }
  /** Of a registry: one that is sent as it is, or one that its token service exchanges. */
  | { kind: 'token'; type: 'registrytoken' | 'identitytoken'; token: string };

/** `origin`: the only place that the value itself allows; null: it names none. */
export type LoginReading = { ok: true; login: Login; origin: string | null } | { ok: false; wrong: string; fix: string };

/** GitHub asks for it with tokens of apps; it, GitLab and Gitea take a token with any name. */
export const tokenUsername = 'x-access-token';

const fixes: Record<LoginPurpose, string> = {
  https: 'Set the secret to user:token, to a token alone, or to {"username": "…", "password": "…"}.',
  ssh: 'Set the secret to a private key without a passphrase, from -----BEGIN to -----END.',
  registry: 'Set the secret to user:password, or to {"username": "…", "password": "…"}.',
};

export function readLogin(purpose: LoginPurpose, value: string): LoginReading {
  const wrong = (what: string): LoginReading => ({ ok: false, wrong: what, fix: fixes[purpose] });
  if (purpose === 'ssh') return readKey(value) ?? wrong('not a private key, or one with a passphrase');
  const text = value.trim();
  if (isKey(text)) return wrong('a private key, which only ssh takes');
  const read = text.startsWith('{') ? fromJson(text, purpose) : fromText(text, purpose);
  return read ?? wrong(purpose === 'registry' ? 'not a user and a password' : 'neither a token nor a user and a token');
}

/** What must not be in anything that is told. */
export function secretParts(login: Login): string[] {
  if (login.kind === 'key') return [login.key];
  return login.kind === 'token' ? [login.token] : [login.password, `${login.username}:${login.password}`];
}

const isKey = (text: string): boolean => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);

/** How an unencrypted key of OpenSSH's own form starts, in base64: its name, and "none" as its cipher. */
const openInTheClear = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbm';

function readKey(value: string): LoginReading | null {
  const key = `${value.replace(/\r\n?/g, '\n').trim()}\n`;
  const [, name = '', body = '', end = ''] = /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n([\s\S]*)\n-----END ([A-Z ]*PRIVATE KEY)-----\n$/.exec(key) ?? [];
  if (name === '' || name !== end || body.includes('-----') || name.includes('ENCRYPTED') || body.includes('ENCRYPTED')) return null;
  if (name === 'OPENSSH PRIVATE KEY' && !body.startsWith(openInTheClear)) return null;
  return { ok: true, login: { kind: 'key', key }, origin: null };
}

function fromText(text: string, purpose: LoginPurpose): LoginReading | null {
  const colon = text.indexOf(':');
  if (colon < 0) return purpose === 'https' ? password(tokenUsername, text, null) : null;
  return password(text.slice(0, colon), text.slice(colon + 1), null);
}

function fromJson(text: string, purpose: LoginPurpose): LoginReading | null {
  const read = parsed(text);
  if (read === null) return null;
  const { username = tokenUsername, password: secret, origin = null, registrytoken, identitytoken, ...others } = read;
  if (Object.keys(others).length > 0 || (origin !== null && !isText(origin))) return null;
  if (secret !== undefined) return registrytoken === undefined && identitytoken === undefined && (purpose === 'https' || 'username' in read) ? password(username, secret, origin) : null;
  const [type, token] = registrytoken === undefined ? ['identitytoken', identitytoken] as const : ['registrytoken', registrytoken] as const;
  if (purpose !== 'registry' || !isText(token) || (registrytoken !== undefined && identitytoken !== undefined)) return null;
  return { ok: true, login: { kind: 'token', type, token }, origin };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function password(username: unknown, secret: unknown, origin: string | null): LoginReading | null {
  if (!isText(username) || !isText(secret) || username.includes(':')) return null;
  return { ok: true, login: { kind: 'password', username, password: secret }, origin };
}

/** It becomes a line of the protocols that it goes through. */
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && !/\p{Cc}/u.test(value);
