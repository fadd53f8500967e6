/**
 * What a plan was decided on, in digests: one for each part of a placement as it was seen, so that whoever looks again
 * before acting can tell whether it is still so, and what moved. Only the host that made them can compare them: they are
 * keyed, since a plain digest of a short value would let it be guessed.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DesiredPlacement, DockerRun } from './desired.js';
import { canonicalJson, sha256Hex } from './hash.js';
import type { ObservedContainer, ObservedFile, ObservedPlacement, ObservedUnit } from './observed.js';
import { comparable, comparedFields } from './plan-container.js';
import type { PlacementPlan } from './plan.js';
import type { Fingerprint, PlacementBasis } from './planned.js';

const partDigestLength = 24;

/** What another pull names meanwhile: by this very rollout when nothing was there, or when the document wants it again. */
const imagePart = 'image on this host';
/** What the registry says that the image's name means; not asked any more once it is pinned. */
const namePart = 'image that its name means';
/** A daemon-reload for any unit clears it. */
const unreadPart = 'unit file not read by systemd yet';

/** `key`: hex, of this host. `pulledAnew`: images that some placement of this host wants pulled whatever is there. */
export function fingerprintOf(desired: DesiredPlacement, observed: ObservedPlacement, key: string, pulledAnew: ReadonlySet<string> = new Set()): Fingerprint {
  const secret = hexToBytes(key);
  const digest = (value: unknown): string => bytesToHex(hmac(sha256, secret, utf8ToBytes(canonicalJson(value))));
  const parts = Object.entries(partsOf(desired, observed, pulledAnew)).map(([name, value]): [string, string] => [name, digest([name, value]).slice(0, partDigestLength)]);
  return { digest: digest(parts.sort(([a], [b]) => (a < b ? -1 : 1))), parts: Object.fromEntries(parts) };
}

/** Of one host: over those of its placements. */
export const hostFingerprint = (bases: readonly PlacementBasis[]): string =>
  sha256Hex(canonicalJson(Object.fromEntries(bases.map(({ component, fingerprint }) => [component, fingerprint.digest]))));

/** The parts that are not as they were planned on, in order; empty: nothing moved. */
export function movedParts(planned: Fingerprint, now: Fingerprint): string[] {
  if (planned.digest === now.digest) return [];
  const names = [...new Set([...Object.keys(planned.parts), ...Object.keys(now.parts)])].sort();
  const moved = names.filter((name) => planned.parts[name] !== now.parts[name] && !isExpected(name, planned, now));
  // Of something that is there only before or only after, its details are no news.
  const whole = (name: string): string => name.split(' ')[0] ?? name;
  return moved.filter((name) => name === whole(name) || !moved.includes(whole(name)) || (planned.parts[name] !== undefined && now.parts[name] !== undefined));
}

/** It was planned on an image that was there. */
export const knowsImage = ({ parts }: Fingerprint): boolean => parts[imagePart] !== undefined;

const isExpected = (name: string, planned: Fingerprint, now: Fingerprint): boolean =>
  (name === imagePart && planned.parts[name] === undefined) || (name === namePart && (planned.parts[name] === undefined || now.parts[name] === undefined)) || (name === unreadPart && now.parts[name] === undefined);

function partsOf(desired: DesiredPlacement, observed: ObservedPlacement, pulledAnew: ReadonlySet<string>): Record<string, unknown> {
  const { run } = desired;
  const runsOn = desired.deploy_mode !== undefined || desired.reload_on !== undefined;
  return {
    ...(run.type === 'docker' ? { ...containerParts(observed.container, runsOn), ...imageParts(run, observed, pulledAnew) } : unitParts(observed.unit, runsOn)),
    ...Object.fromEntries(observed.files.map((file) => [`file ${file.path}`, filePart(desired, file)])),
    ...Object.fromEntries(observed.trees.map(({ dest, kind, tree_hash, owned }) => [`folder ${dest}`, { kind, tree_hash, owned }])),
    ...sourceParts(observed),
    ...(desired.follows === undefined ? {} : { 'what it was told of its dependencies': observed.applied_follows ?? null }),
  };
}

/** `runsOn`: a change may be brought to what runs, which one that is about to be started again cannot be given. */
function containerParts(container: ObservedContainer | null, runsOn: boolean): Record<string, unknown> {
  if (container === null) return { container: null };
  const { run, owner } = container;
  const fields = comparedFields.filter((field) => field !== 'image' && field !== 'container_name');
  return {
    container: { id: container.id, owner: owner === null ? null : { deploy_id: owner.deploy_id, component: owner.component } },
    'container image': { image: run.image, image_id: container.image_id },
    'container name': run.container_name,
    'container state': runsOn && container.status === 'restarting' ? 'between starts' : containerState(container.status),
    ...(container.published_by_rules === undefined ? {} : { 'container publishing': container.published_by_rules }),
    'container environment': run.env,
    ...Object.fromEntries(fields.map((field) => [`container ${field}`, comparable(field, run[field])])),
  };
}

/** A container that comes and goes is one thing; whether it is healthy is looked at when it is its turn. */
function containerState(status: ObservedContainer['status']): string {
  if (status === 'running' || status === 'restarting') return 'up';
  if (status === 'created' || status === 'exited') return 'down';
  return status === 'removing' ? 'dead' : status;
}

function imageParts(run: DockerRun, { wanted_image_id: wanted, image_digest: digest = null, container }: ObservedPlacement, pulledAnew: ReadonlySet<string>): Record<string, unknown> {
  const id = wanted ?? container?.wanted_image_id ?? null;
  return {
    ...(id === null || run.pull_policy === 'always' || pulledAnew.has(run.image) ? {} : { [imagePart]: id }),
    ...(digest === null || run.pinned !== undefined ? {} : { [namePart]: digest }),
  };
}

/** `runsOn`: as of a container. */
function unitParts(unit: ObservedUnit | null, runsOn: boolean): Record<string, unknown> {
  if (unit === null) return { unit: null };
  const { owned, unit_sha256, enabled, active_state, sub_state, needs_daemon_reload, slot } = unit;
  const isBetweenStarts = runsOn && active_state === 'activating' && sub_state === 'auto-restart';
  return {
    unit: { owned, there: unit_sha256 !== null || unit.load_state !== 'not-found' },
    'unit file': unit_sha256,
    'unit enabled': enabled,
    'unit state': isBetweenStarts ? 'between starts' : ['active', 'activating', 'reloading'].includes(active_state) ? 'up' : 'down',
    ...(slot === undefined ? {} : { 'unit name': slot.alias, 'unit publishing': slot.published }),
    ...(needs_daemon_reload ? { [unreadPart]: true } : {}),
  };
}

/** An owner that the document leaves open is nobody's business. */
function filePart(desired: DesiredPlacement, { path, kind, sha256: digest, mode, owner, group, owned }: ObservedFile): unknown {
  const wanted = desired.files.find((file) => file.path === path);
  return { kind, digest, mode, owned, ...(wanted?.owner == null ? {} : { owner }), ...(wanted?.group == null ? {} : { group }) };
}

function sourceParts({ source }: ObservedPlacement): Record<string, unknown> {
  if (source === null) return {};
  const { path, kind, owned, current, wanted_commit } = source;
  return { [`link ${path}`]: { kind, owned, current }, 'commit of the source': wanted_commit };
}

/** Which image or commit a placement is to run, as far as its host knows; null: it has yet to be fetched. */
export function identityOf({ run, source }: DesiredPlacement, observed: ObservedPlacement): string | null {
  if (source !== null) return observed.source?.wanted_commit ?? null;
  return run.type === 'docker' ? observed.wanted_image_id ?? observed.container?.wanted_image_id ?? null : null;
}

/**
 * A placement that moved, as a plan for whoever walks the rollout: there is one thing to do, which its host then
 * refuses. So it fails in its turn, by itself, and nothing of it is fetched ahead.
 */
export const movedPlan = (plan: PlacementPlan, moved: readonly string[]): PlacementPlan => ({
  ...plan, action: plan.action === 'conflict' || plan.action === 'unchanged' ? 'update' : plan.action, restart: false, downtime: false, fields: [], files: [],
  reasons: [`moved since the plan was made: ${moved.join(', ')}`], operations: [{ op: 'check_health' }], needs_prepare: false,
});
