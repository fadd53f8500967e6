/** Artifacts: archives that are uploaded once and named in documents by their sha256. */
import { z } from 'zod';
import { deleteArtifact, getArtifact, listArtifacts, uploadArtifact } from '../../control/artifacts/index.js';
import { streamedBody } from '../http/body.js';
import { route } from '../route.js';
import { named, pageOf, pageQuery, timestamp } from '../schemas/common.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'Not a sha256 (64 lower-case hex digits)');
const artifact = named('Artifact', z.object({
  artifact_id: sha256.describe('What source.artifact_id names: the sha256'), sha256, size: z.int().min(0).describe('Bytes'), name: z.string(),
  created_by: z.string(), created_at: timestamp, expires_at: timestamp.describe('Removed after this, unless a version of a living deploy names it'),
}));
const params = z.strictObject({ id: sha256 });
const mediaTypes = ['application/octet-stream', 'application/gzip', 'application/x-gzip', 'application/x-tar', 'application/zstd', 'application/zip'];

export const artifactRoutes = [
  route({
    method: 'post', path: '/api/artifacts', operationId: 'uploadArtifact', tag: 'artifacts', summary: 'Upload an archive; the same content again is the same artifact', right: 'artifact.write', narrowed: 'any',
    audit: { action: 'artifact.upload', by: 'control' }, errors: ['payload_too_large', 'unavailable', 'unsupported_media_type'],
    query: z.strictObject({ name: z.string().max(255).default('').describe('Only shown') }), body: streamedBody(mediaTypes), status: 201, response: artifact,
    handler: ({ actor, context: { db, artifacts, settings }, query: { name }, request: { bytes } }) => uploadArtifact(db, artifacts, actor, { bytes, name, ...settings.artifacts }),
  }),
  route({
    method: 'get', path: '/api/artifacts', operationId: 'listArtifacts', tag: 'artifacts', summary: 'The artifacts there are, newest first', right: 'deploy.read', narrowed: 'query',
    query: z.strictObject(pageQuery), response: named('ArtifactPage', pageOf(artifact)),
    handler: ({ actor, context: { db }, query }) => listArtifacts(db, query, actor),
  }),
  route({
    method: 'get', path: '/api/artifacts/{id}', operationId: 'getArtifact', tag: 'artifacts', summary: 'One artifact', right: 'deploy.read', narrowed: 'any', params, response: artifact,
    handler: ({ context: { db }, params: { id } }) => getArtifact(db, id),
  }),
  route({
    method: 'delete', path: '/api/artifacts/{id}', operationId: 'deleteArtifact', tag: 'artifacts', summary: 'Erase an artifact that no version of a living deploy names', right: 'artifact.write', narrowed: 'query',
    audit: { action: 'artifact.delete', by: 'control' }, errors: ['conflict'], params, status: 204, response: null,
    handler: async ({ actor, context: { db, artifacts }, params: { id } }) => deleteArtifact(db, artifacts, actor, id),
  }),
];
