/** What a Docker placement needs: compared field by field with the container that is really there. */
import type { DesiredPlacement, DockerRun } from './desired.js';
import { canonicalJson } from './hash.js';
import { isImageDigest, withoutDigest } from './image-reference.js';
import type { ObservedContainer, ObservedPlacement } from './observed.js';
import type { FieldChange, Operation } from './plan.js';
import { envChanges, fieldChange, same, secretDigestText } from './plan-fields.js';
import type { RunChanges } from './run-changes.js';
import type { ComponentState } from './words.js';

/** Fields whose change means another container; order within lists of ports, volumes and networks does not matter. */
export const comparedFields = ['image', 'container_name', 'ports', 'volumes', 'networks', 'restart', 'command', 'resources'] as const;

export function containerChanges(desired: DesiredPlacement, run: DockerRun, observed: ObservedPlacement, drifted: boolean): RunChanges {
  const { container } = observed;
  const fetch = imageOperations(run, observed);
  const networks: Operation[] = run.networks.map((network) => ({ op: 'create_network', network }));
  if (container === null) {
    const kind = drifted ? 'missing' : 'desired';
    const reason = drifted ? `the container ${run.container_name} is missing` : `the container ${run.container_name} does not exist yet`;
    return { fields: [fieldChange('container', kind, null, run.container_name)], reasons: [reason], conflict: null, need: 'create', before: [...fetch, ...networks], state: 'missing', up: false };
  }
  const state = stateOf(container, observed);
  // To Docker a paused or restarting container is running.
  const up = ['running', 'restarting', 'paused'].includes(container.status);
  const owner = container.owner;
  if (owner === null || owner.deploy_id !== desired.deploy_id || owner.component !== desired.component) return foreign(run, container, state);
  const changes = differences(run, container, drifted ? 'changed' : 'desired');
  if (changes.length > 0 && desired.deploy_mode !== undefined && container.status === 'running' && isAboutRules(container, changes)) {
    return { fields: changes, reasons: ['the published ports differ; the rules that lead to the container are put right'], conflict: null, need: 'none', before: [{ op: 'publish_ports', name: run.container_name }], state, up };
  }
  if (changes.length > 0) {
    const reasons = changes.map(({ field }) => `${field} differs`);
    return { fields: changes, reasons, conflict: null, need: 'update', before: [...fetch, ...networks], state, up };
  }
  if (container.status === 'running' || container.status === 'restarting') {
    // `always`: pulled again ahead of the decision; when the reference has moved, the next look sees another image id.
    const again = run.pull_policy === 'always' && run.pinned === undefined ? fetch : [];
    return { fields: [], reasons: again.map(() => 'the image is pulled again (pull_policy always)'), conflict: null, need: 'none', before: again, state, up };
  }
  const reason = `the container ${run.container_name} is ${container.status}${container.status === 'exited' ? ` (exit code ${container.exit_code})` : ''}`;
  const fields = [fieldChange('container.status', 'stopped', container.status, 'running')];
  // A dead one can not be started again.
  const gone = container.status === 'dead' || container.status === 'removing';
  return { fields, reasons: [reason], conflict: null, need: gone ? 'update' : 'restart', before: gone ? [...fetch, ...networks] : [], state, up };
}

const isAboutRules = ({ published_by_rules: byRules }: ObservedContainer, changes: readonly FieldChange[]): boolean =>
  byRules === true && changes.every(({ field }) => field === 'ports');

function foreign(run: DockerRun, container: ObservedContainer, state: ComponentState): RunChanges {
  const whose = container.owner === null ? 'was not made by Maestro' : `belongs to the deploy ${container.owner.deploy_id} (component ${container.owner.component})`;
  const conflict = `a container named ${run.container_name} exists and ${whose}`;
  return { fields: [fieldChange('container', 'foreign', container.id.slice(0, 12), run.container_name)], reasons: [conflict], conflict, need: 'none', before: [], state, up: false };
}

function imageOperations(run: DockerRun, observed: ObservedPlacement): Operation[] {
  // What is pinned is the same every time: it is never pulled again.
  if (run.pinned !== undefined) return observed.image_present ? [] : [{ op: 'pull_image', image: run.pinned }];
  if (run.pull_policy === 'never') return [];
  return observed.image_present && run.pull_policy === 'if_not_present' ? [] : [{ op: 'pull_image', image: run.image }];
}

function differences(run: DockerRun, container: ObservedContainer, kind: FieldChange['kind']): FieldChange[] {
  const fields = comparedFields
    .filter((field) => field !== 'image' && !same(comparable(field, run[field]), comparable(field, container.run[field])))
    .map((field) => fieldChange(field, kind, container.run[field], run[field]));
  return [...imageChanges(run, container, kind), ...fields, ...envChanges(kind, container.run.env, comparableEnv(run))];
}

/** By name, and by content: the name may be the same, and mean another image on this host or in this version by now. */
function imageChanges(run: DockerRun, { image_id: id, wanted_image_id: wanted, run: { image: from } }: ObservedContainer, kind: FieldChange['kind']): FieldChange[] {
  const { image, pinned = image } = run;
  if (from === pinned) return wanted === null || wanted === id ? [] : [fieldChange('image_id', kind, id, wanted)];
  // One that was started by its id has no other name.
  const named = from === image || withoutDigest(from) === image || (isImageDigest(from) && (id === wanted || from === pinned));
  if (!named) return [fieldChange('image', kind, from, pinned)];
  if (wanted === null) return run.pinned === undefined || id === pinned ? [] : [fieldChange('image', kind, from, pinned)];
  return wanted === id ? [] : [fieldChange('image_id', kind, id, wanted)];
}

/** Secret variables by their digests, in which the host has seen them too. */
const comparableEnv = ({ env, secret_env: secret = {} }: DockerRun): Record<string, string> =>
  ({ ...env, ...Object.fromEntries(Object.entries(secret).map(([name, { digest }]) => [name, secretDigestText(digest)])) });

/** Lists are sorted, except the words of a command. */
export const comparable = (field: (typeof comparedFields)[number], value: unknown): unknown =>
  Array.isArray(value) && field !== 'command' ? value.map(canonicalJson).sort() : value;

function stateOf(container: ObservedContainer, observed: ObservedPlacement): ComponentState {
  if (container.status === 'running') return observed.health === null ? 'running' : observed.health.ok ? 'healthy' : 'unhealthy';
  if (container.status === 'restarting' || container.status === 'dead') return 'failed';
  return container.status === 'exited' && container.exit_code !== 0 ? 'failed' : 'stopped';
}
