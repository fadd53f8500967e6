/** Keys in files of the data folder: of what Temporal keeps, and of the releases that hosts download. */
import { z } from 'zod';
import { rotateReleaseKey, viewReleaseKeys } from '../../control/host-bundles/index.js';
import { route } from '../route.js';
import { timestamp } from '../schemas/common.js';

const payloadKeys = z.object({ keys: z.array(z.object({ id: z.string(), created_at: timestamp, state: z.enum(['writes', 'reads']) })).describe('Newest first') });
const releaseKeys = z.object({ keys: z.array(z.object({ id: z.string(), created_at: timestamp, state: z.enum(['signs', 'hands_over']) })).describe('Newest first') });

export const fileKeyRoutes = [
  route({
    method: 'get', path: '/api/payload-keys', operationId: 'listPayloadKeys', tag: 'secrets', summary: 'The keys of what Temporal keeps, by their ids', right: 'secret.write', errors: ['config_error'], response: payloadKeys,
    handler: async ({ context: { fileKeys } }) => ({ keys: await fileKeys.payload.view() }),
  }),
  route({
    method: 'post', path: '/api/payload-keys', operationId: 'rotatePayloadKey', tag: 'secrets', summary: 'Seal what Temporal keeps under another key from half a minute later on; what is there is read as before', right: 'secret.write', errors: ['config_error'],
    audit: { action: 'payload_key.rotate', by: 'control' }, response: payloadKeys,
    handler: async ({ actor, context: { db, fileKeys } }) => ({ keys: await fileKeys.payload.rotate(db, actor) }),
  }),
  route({
    method: 'get', path: '/api/release-keys', operationId: 'listReleaseKeys', tag: 'nodes', summary: 'The keys that releases of the host bundle are signed with, by their ids', right: 'node.revoke', errors: ['config_error'], response: releaseKeys,
    handler: async ({ context: { fileKeys } }) => ({ keys: await viewReleaseKeys(fileKeys.dataDir) }),
  }),
  route({
    method: 'post', path: '/api/release-keys', operationId: 'rotateReleaseKey', tag: 'nodes', summary: 'Sign releases with another key; the one before hands hosts over to it', right: 'node.revoke', errors: ['config_error'],
    audit: { action: 'release_key.rotate', by: 'control' }, response: releaseKeys,
    handler: async ({ actor, context: { db, fileKeys } }) => ({ keys: await rotateReleaseKey(db, fileKeys.dataDir, actor) }),
  }),
];
