/** The way to the control plane: the generated client, the key, a deadline on every call, every failure a MaestroError. */
import { readFile } from 'node:fs/promises';
import createClient, { type Client } from 'openapi-fetch';
import type { paths } from '../web/src/api/schema.js';
import { MaestroError } from '../spec/errors.js';
import type { Where } from './arguments.js';
import { problemOf, wrongUsage } from './failure.js';

const callTimeoutMs = 30_000;

export interface Connection { url: string; authorization: string; client: Client<paths> }

async function keyOf({ keyFile, key }: Where): Promise<string> {
  const given = keyFile === undefined ? key : await readFile(keyFile, 'utf8').catch((cause: unknown) => { throw wrongUsage(`${keyFile} cannot be read: ${String(cause)}`, 'Give a file that holds an API key.'); });
  const found = given?.trim() ?? '';
  if (found === '') throw new MaestroError('auth_error', 'There is no API key', { fix: 'Make one on the page "API keys", and give it in MAESTRO_KEY or in a file with --key-file.' });
  // What cannot be a header would otherwise be told with the key in it.
  if (!/^[\x21-\x7e]+$/.test(found)) throw new MaestroError('auth_error', 'The API key has characters that are in none', { fix: 'Give the key alone, on one line.' });
  return found;
}

export async function connect(where: Where): Promise<Connection> {
  const authorization = `Bearer ${await keyOf(where)}`;
  return { url: where.url, authorization, client: createClient<paths>({ baseUrl: where.url, headers: { authorization } }) };
}

export const deadline = (): AbortSignal => AbortSignal.timeout(callTimeoutMs);

/** The answer's data. Throws what the API says, or `unavailable` when nobody answers. */
export async function answered<Data>(url: string, pending: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<NonNullable<Data>> {
  const { data, error, response } = await pending.catch((cause: unknown) => {
    throw new MaestroError('unavailable', `${url} does not answer`, { fix: 'Check --url or MAESTRO_URL, and that Maestro runs.', cause });
  });
  if (!response.ok || data === undefined || data === null) throw problemOf(response.status, error);
  return data;
}
