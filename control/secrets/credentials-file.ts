/** A bundle's own secrets: a file that may lie in any repository, since only this control plane's key opens it. */
import { parse } from 'yaml';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { isSecretPath } from '../../spec/secrets/references.js';
import { readSealed, seal } from './sealed.js';
import type { VaultKeys } from './vault-key.js';

const header = `# Secrets, sealed under the key of a Maestro vault. Do not edit: seal them anew (POST /api/secrets/seal).
format: maestro-credentials/v1
sealed: |
`;
const file = z.strictObject({ format: z.literal('maestro-credentials/v1'), sealed: z.string().regex(/^[A-Za-z0-9+/=\s]*$/) });
const content = z.record(z.string().refine(isSecretPath), z.string().min(1));
const lineLength = 76;
const name = 'credentials.yaml';

export async function sealCredentials(keys: VaultKeys, secrets: Readonly<Record<string, string>>): Promise<string> {
  const { key, source } = await keys.create();
  const sealed = seal(Buffer.from(JSON.stringify(content.parse(secrets))), key, source).toString('base64');
  return header + (sealed.match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? []).map((line) => `  ${line}\n`).join('');
}

/** Throws `config_error` for what is no such file, was sealed under another key, or is damaged. */
export async function openCredentials(keys: VaultKeys, text: string): Promise<ReadonlyMap<string, string>> {
  const parsed = file.safeParse(yamlOf(text));
  if (!parsed.success) throw new MaestroError('config_error', `${name} is not a file of sealed secrets`, { fix: 'Make it with POST /api/secrets/seal; secrets in clear do not belong into a bundle.' });
  const sealed = readSealed(Buffer.from(parsed.data.sealed, 'base64'), name);
  const opened = sealed.open(await keys.of(sealed.source));
  return new Map(Object.entries(content.parse(JSON.parse(opened.toString('utf8')))));
}

function yamlOf(text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 0, logLevel: 'silent' });
    return value;
  } catch {
    return undefined;
  }
}
