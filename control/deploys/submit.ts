/** A submitted document becomes an immutable, numbered version. */
import { documentHosts, parseDocument, type DeployDocument } from '../../spec/document/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { RolloutKind } from '../../spec/words.js';
import type { Actor } from '../actor.js';
import { assertMayCreate, assertMayPlace, keepDeployHosts } from '../access/index.js';
import { appendAudit } from '../audit/index.js';
import { isUniqueViolation, type Db, type Tx } from '../database.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { effectOnce } from '../idempotency/index.js';
import { newId } from '../ids.js';
import { storableText } from '../json.js';
import { checkBundle, storeBlobs, type BundleFile, type CheckedFile } from './bundle.js';
import { loadBundle } from './load-bundle.js';
import { lockDeploy, type LockedDeploy } from './lock.js';
import { sealOf } from './version-seals.js';

export interface CreateDeployRequest { /** Default: the document's `project`. */ name?: string; yaml: string; files: readonly BundleFile[] }
export interface SubmitVersionRequest {
  deployId: string;
  yaml: string;
  /** Absent: the files of the latest version stay. */
  files?: readonly BundleFile[];
  /** Refuse unless this is still the latest version. */
  expectedVersion?: number;
}
export interface Submitted { deploy_id: string; version: number }

const longestName = 128;

/** Version 1 of a new deploy. Nothing is stored when the document has errors or the name is taken. */
export async function createDeploy(db: Db, actor: Actor, request: CreateDeployRequest): Promise<Submitted> {
  assertMayCreate(actor);
  const document = parseOrRefuse(request.yaml);
  assertMayPlace(actor, documentHosts(document));
  const files = checkBundle(request.files);
  const name = deployName(request.name ?? document.project);
  const id = newId('deploy');
  try {
    return await effectOnce(db, async (tx) => {
      await refuseTakenName(tx, name, actor);
      await storeBlobs(tx, files);
      await tx.deploy.create({ data: { id, name, description: document.description ?? '', latest_version: 1, created_by: actor.name } });
      await insertVersion(tx, { deploy_id: id, number: 1, kind: 'apply', parent: null, yaml: request.yaml }, entriesOf(files), actor);
      await keepDeployHosts(tx, id, documentHosts(document));
      await appendAudit(tx, { actor, action: 'deploy.create', target: id, result: 'ok', details: { name, version: 1 } });
      await appendEvents(tx, [versionEvent(id, 1, 'apply', null, actor)]);
      return { deploy_id: id, version: 1 };
    });
  } catch (error) {
    if (isUniqueViolation(error)) await refuseTakenName(db, name, actor);
    throw error;
  }
}

/** The next version of a deploy. Applies nothing. */
export async function submitVersion(db: Db, actor: Actor, request: SubmitVersionRequest): Promise<Submitted> {
  const document = parseOrRefuse(request.yaml);
  assertMayPlace(actor, documentHosts(document));
  const files = request.files === undefined ? undefined : checkBundle(request.files);
  return effectOnce(db, async (tx) => {
    if (files) await storeBlobs(tx, files);
    const deploy = await lockDeploy(tx, request.deployId);
    guardVersion(deploy, request.expectedVersion);
    const number = deploy.latest_version + 1;
    const entries = files ? entriesOf(files) : await entriesOfVersion(tx, deploy.id, deploy.latest_version);
    await insertVersion(tx, { deploy_id: deploy.id, number, kind: 'apply', parent: null, yaml: request.yaml }, entries, actor);
    await keepDeployHosts(tx, deploy.id, documentHosts(document));
    await tx.deploy.update({ where: { id: deploy.id }, data: { latest_version: number, description: document.description ?? '' } });
    await appendAudit(tx, { actor, action: 'deploy.submit', target: deploy.id, result: 'ok', details: { version: number } });
    await appendEvents(tx, [versionEvent(deploy.id, number, 'apply', null, actor)]);
    return { deploy_id: deploy.id, version: number };
  });
}

/** Refuses with `conflict` unless `expected` is the latest version; undefined expects nothing. */
export function guardVersion(deploy: LockedDeploy, expected: number | undefined): void {
  if (expected === undefined || expected === deploy.latest_version) return;
  throw new MaestroError('conflict', `${deploy.name} is at version ${deploy.latest_version}, not ${expected}: somebody was faster.`, {
    fix: `Look at version ${deploy.latest_version}, then submit again with it as the expected version.`,
    details: { expected_version: expected, current_version: deploy.latest_version },
  });
}

export interface VersionEntry { path: string; sha256: string; mode: number }
interface NewVersion { deploy_id: string; number: number; kind: RolloutKind; parent: number | null; component?: string; component_from?: number; yaml: string }

const entriesOf = (files: readonly CheckedFile[]): VersionEntry[] => files.map(({ path, sha256, mode }) => ({ path, sha256, mode }));

/** Of a version that is what was submitted: what was altered is not carried over into another one. */
export const entriesOfVersion = async (tx: Tx, deployId: string, number: number): Promise<VersionEntry[]> =>
  (await loadBundle(tx, deployId, number)).files.map(({ path, sha256, mode }) => ({ path, sha256, mode }));

export async function insertVersion(tx: Tx, version: NewVersion, entries: readonly VersionEntry[], actor: Actor): Promise<void> {
  const id = newId('version');
  await tx.version.create({ data: { id, ...version, submitted_by: actor.name, submitted_by_id: actor.id } });
  await tx.versionFile.createMany({ data: entries.map((entry) => ({ version_id: id, ...entry })) });
  await tx.versionSeal.create({ data: { version_id: id, ...sealOf({ component: null, component_from: null, ...version, submitted_by_id: actor.id, files: entries }) } });
}

export const versionEvent = (deployId: string, number: number, kind: RolloutKind, parent: number | null, actor: Actor): EventInput =>
  ({ type: 'deploy.version', deploy_id: deployId, data: { version: number, kind, parent, submitted_by: actor.name } });

function parseOrRefuse(yaml: string): DeployDocument {
  if (storableText(yaml) !== yaml) throw new MaestroError('validation_error', 'The document has a NUL or a broken character.', { fix: 'Save it as UTF-8 text.' });
  const { document, errors } = parseDocument(yaml);
  if (document && errors.length === 0) return document;
  const count = errors.length === 1 ? 'an error' : `${errors.length} errors`;
  throw new MaestroError('validation_error', `The document has ${count}.`, { fix: errors[0]?.suggested_fix ?? 'Correct the document.', errors });
}

function deployName(text: string): string {
  const name = text.normalize('NFC').trim();
  if (name.length > 0 && name.length <= longestName && !/\p{C}/u.test(name)) return name;
  throw new MaestroError('validation_error', `A deploy's name has 1 to ${longestName} printable characters.`, { fix: 'Choose another name.' });
}

/** Names are unique over all deploys, so that a name is taken cannot be kept from anybody; which deploy has it can. */
async function refuseTakenName(db: Db | Tx, name: string, { scope }: Actor): Promise<void> {
  const other = await db.deploy.findFirst({ where: { name, deleted_at: null }, select: { id: true } });
  if (!other) return;
  if (scope?.deploys.has(other.id) === false) throw new MaestroError('conflict', `The name "${name}" is taken already.`, { fix: 'Choose another name.', details: { name } });
  throw new MaestroError('conflict', `There is a deploy "${name}" already: ${other.id}.`, {
    fix: 'Submit a new version of that deploy, or choose another name.',
    details: { name, deploy_id: other.id },
  });
}
