/** Validation: what is wrong with a document, without any host and without storing anything. */
import { z } from 'zod';
import { artifactSizes } from '../../control/artifacts/index.js';
import { deployClaims, foreignWarnings, keepMissingClaims } from '../../control/claims/index.js';
import { findDeploy, loadBundle } from '../../control/deploys/index.js';
import { bundleContents } from '../../control/documents/contents.js';
import { validateBundle, type BundleContents } from '../../control/documents/validate.js';
import { bundleBody, submissionOf } from '../bundle/bundle-body.js';
import { filesSchema, jsonBytesMax, yamlSchema, type Submission } from '../bundle/submission.js';
import { policyFindings } from '../../control/host-policy/index.js';
import { latestSecrets } from '../../control/secrets/index.js';
import type { Actor } from '../../control/actor.js';
import type { ApiContext } from '../context.js';
import { contentsOfFiles } from '../documents/contents.js';
import { unknownHosts } from '../documents/hosts.js';
import { versionOf } from '../documents/versions.js';
import { jsonBody } from '../http/body.js';
import { route, type Call } from '../route.js';
import { idOf } from '../schemas/common.js';
import { validation } from '../schemas/deploys.js';

type Answer = z.input<typeof validation>;

async function validated({ db, renderer, settings, vault }: ApiContext, { scope }: Actor, yaml: string, contents: BundleContents, deployId?: string): Promise<Answer> {
  const { ok, errors, warnings, graph, rendered } = await validateBundle(yaml, contents, { deployId, env: settings.templateEnv, secrets: await latestSecrets(vault), artifacts: (sha256s) => artifactSizes(db, sha256s) });
  await keepMissingClaims(db, renderer);
  const taken = await foreignWarnings(db, { deployId, yaml, claims: deployClaims(rendered?.claims ?? []), scope });
  const refused = await policyFindings(db, yaml, rendered?.demands ?? []);
  return { ok: ok && refused.length === 0, errors: [...errors, ...refused], warnings: [...warnings, ...taken, ...(await unknownHosts(db, yaml, scope))], graph };
}

const body = z.strictObject({
  version: z.int().positive().optional().describe('A stored version; default: the latest'),
  yaml: yamlSchema.optional(),
  files: filesSchema.optional().describe('Default: the files of the latest version'),
}).refine(({ version, yaml }) => version === undefined || yaml === undefined, { path: ['version'], message: 'Give a version or a yaml, not both' })
  .refine(({ files, yaml }) => files === undefined || yaml !== undefined, { path: ['files'], message: 'Files need a yaml' });

/** The stored version, or the unsaved text with its files or those of the latest version. */
async function ofDeploy({ actor, context, params: { id }, body: { version, yaml, files } }: Call<{ id: string }, unknown, z.infer<typeof body>>): Promise<Answer> {
  const deploy = await findDeploy(context.db, id);
  const sent: Submission | null = yaml === undefined ? null : submissionOf({ yaml, files });
  if (sent?.files !== undefined) return validated(context, actor, sent.yaml, await contentsOfFiles(sent.files), id);
  const bundle = await loadBundle(context.db, id, await versionOf(context.db, deploy, version));
  return validated(context, actor, sent?.yaml ?? bundle.yaml, await bundleContents(bundle), id);
}

export const validateRoutes = [
  route({
    method: 'post', path: '/api/validate', operationId: 'validate', tag: 'deploys', summary: 'Validate a document that belongs to no deploy yet', right: 'deploy.read', narrowed: 'query',
    audit: { action: 'deploy.validate', by: 'nobody' }, body: bundleBody('validate'), response: validation,
    handler: async ({ actor, context, body: { yaml, files = [] } }) => validated(context, actor, yaml, await contentsOfFiles(files)),
  }),
  route({
    method: 'post', path: '/api/deploys/{id}/validate', operationId: 'validateDeploy', tag: 'deploys', summary: 'Validate a stored version, or an unsaved document of this deploy', right: 'deploy.read',
    audit: { action: 'deploy.validate', by: 'nobody' }, params: z.strictObject({ id: idOf('dpl') }),
    body: jsonBody(body, { limitBytes: jsonBytesMax, required: false }), response: validation, handler: ofDeploy,
  }),
];
