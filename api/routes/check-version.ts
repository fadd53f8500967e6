/** What apply, rollback and a retry with another version ask before a host is touched. */
import { z } from 'zod';
import { deployClaims, keepMissingClaims, type DeployClaims } from '../../control/claims/index.js';
import { loadContent, type Content } from '../../control/deploys/index.js';
import { assertApplicable, type Validation } from '../../control/documents/validate.js';
import { refuseUnallowed } from '../../control/host-policy/index.js';
import type { SecretPins } from '../../control/secrets/index.js';
import { MaestroError } from '../../spec/errors.js';
import { stepId } from '../../spec/graph-types.js';
import type { ApiContext } from '../context.js';
import { missingHosts, unknownHosts } from '../documents/hosts.js';

export const versionNumber = z.int().min(1).max(1_000_000_000);

/** `hashes`: component_hash by step id. */
export interface Checked { claims: DeployClaims; secrets: SecretPins; hashes: ReadonlyMap<string, string> }

/** Everything that can be known before a host is asked, and what the version would take there. Throws validation_error, unsupported_feature or permission_denied. */
export async function checkVersion({ db, renderer }: ApiContext, deployId: string, content: Content): Promise<Checked> {
  const validation = await renderer.version(deployId, content);
  assertApplicable(validation);
  const [missing] = await Promise.all([validation.document === null ? [] : missingHosts(db, validation.document), keepMissingClaims(db, renderer)]);
  if (missing.length > 0) await refuseUnknownHosts(db, (await loadContent(db, deployId, content)).yaml);
  await refuseDemands({ db }, deployId, content, validation);
  const hashes = new Map((validation.rendered?.placements ?? []).map(({ host, component, hash }) => [stepId(host, component), hash]));
  return { claims: deployClaims(validation.rendered?.claims ?? []), secrets: secretsUsed(validation), hashes };
}

/** Throws permission_denied when it asks for what is not allowed on one of its nodes. */
export const refuseDemands = ({ db }: Pick<ApiContext, 'db'>, deployId: string, content: Content, { rendered }: Validation): Promise<void> =>
  refuseUnallowed(db, async () => (await loadContent(db, deployId, content)).yaml, rendered?.demands ?? []);

export function secretsUsed({ rendered }: Validation): SecretPins {
  return Object.fromEntries([...(rendered?.secrets ?? [])].flatMap(([path, number]) => (number === null ? [] : [[path, number] as const])));
}

async function refuseUnknownHosts(db: ApiContext['db'], yaml: string): Promise<void> {
  const errors = await unknownHosts(db, yaml);
  const [first] = errors;
  if (first === undefined) return;
  throw new MaestroError('validation_error', errors.length === 1 ? first.message : `${errors.length} hosts are not enrolled: ${errors.map(({ path }) => path.slice('hosts.'.length)).join(', ')}`, {
    fix: first.suggested_fix, errors,
  });
}
