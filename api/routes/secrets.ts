/** The vault: values go in and never come back. */
import { z } from 'zod';
import { deleteSecret, getSecret, listSecrets, secretPath, secretsSeen, setSecret } from '../../control/secrets/index.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { named, pageOf, pageQuery, timestamp } from '../schemas/common.js';

const version = { version: z.int().min(1), created_at: timestamp };
const secret = named('Secret', z.object({
  path: z.string(), latest: z.int().min(1), versions: z.array(z.object(version)).describe('Newest first'),
}));
const params = z.strictObject({ path: secretPath });
/** A value of 64 KiB may take six times that as JSON. */
const bodyBytesMax = 400 << 10;

const sealedSecrets = z.record(secretPath, z.string().min(1)).refine((secrets) => Object.keys(secrets).length > 0, { error: 'must name a secret' });

export const secretRoutes = [
  route({
    method: 'post', path: '/api/secrets/seal', operationId: 'sealSecrets', tag: 'secrets', summary: 'Secrets as a sealed file for a bundle (credentials_ref: ./credentials.yaml); nothing is stored', right: 'secret.write',
    audit: { action: 'secret.seal', by: 'router' }, errors: ['config_error', 'payload_too_large'],
    body: jsonBody(z.strictObject({ secrets: sealedSecrets }), { limitBytes: bodyBytesMax }), response: z.object({ file: z.string().describe('The text of the file') }),
    handler: async ({ context: { vault }, body: { secrets } }) => ({ file: await vault.sealFile(secrets) }),
  }),
  route({
    method: 'get', path: '/api/secrets', operationId: 'listSecrets', tag: 'secrets', summary: 'Names and versions of all secrets', right: 'secret.read_names', narrowed: 'query',
    query: z.strictObject(pageQuery), response: named('SecretPage', pageOf(secret)),
    handler: async ({ actor, context: { db, vault }, query }) => listSecrets(vault, query, await secretsSeen(db, actor)),
  }),
  route({
    method: 'get', path: '/api/secrets/{path}', operationId: 'getSecret', tag: 'secrets', summary: 'The versions of one secret; never a value', right: 'secret.read_names', narrowed: 'query',
    params, response: secret,
    handler: async ({ actor, context: { db, vault }, params: { path } }) => getSecret(vault, path, await secretsSeen(db, actor)),
  }),
  route({
    method: 'put', path: '/api/secrets/{path}', operationId: 'setSecret', tag: 'secrets', summary: 'A new version of a secret, or its first', right: 'secret.write',
    audit: { action: 'secret.set', by: 'control' }, errors: ['config_error', 'payload_too_large'],
    params, body: jsonBody(z.strictObject({ value: z.string() }), { limitBytes: bodyBytesMax }), response: z.object({ path: z.string(), ...version }),
    handler: async ({ actor, context: { db, vault }, params: { path }, body: { value } }) => ({ path, ...(await setSecret(db, vault, actor, path, value)) }),
  }),
  route({
    method: 'delete', path: '/api/secrets/{path}', operationId: 'deleteSecret', tag: 'secrets', summary: 'Erase a secret with all its versions', right: 'secret.write',
    audit: { action: 'secret.delete', by: 'control' }, params, status: 204, response: null,
    handler: async ({ actor, context: { db, vault }, params: { path } }) => deleteSecret(db, vault, actor, path),
  }),
];
