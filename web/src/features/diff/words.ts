import type { Action, DriftKind } from '../../api/words.js';
import type { FileDiffNote } from '../../../../spec/plan.js';
import { plural } from '../../ui/plural.js';

/** What will happen to so many placements. */
export const actionCounts: Record<Action, (count: number) => string> = {
  create: (count) => `${count} to create`,
  update: (count) => `${count} to update`,
  restart: (count) => `${count} to restart`,
  reload: (count) => `${count} to reload`,
  remove: (count) => `${count} to remove`,
  conflict: (count) => plural(count, 'conflict'),
  unchanged: (count) => `${count} unchanged`,
};

export const actionLabels: Record<Action, string> = {
  create: 'Create', update: 'Update', restart: 'Restart', reload: 'Reload', remove: 'Remove', conflict: 'Conflict', unchanged: 'Unchanged',
};

export const changeKinds: Record<DriftKind | 'desired', string> = {
  desired: 'new in this version', stopped: 'drift: stopped', changed: 'drift: changed by hand', missing: 'drift: missing', foreign: 'made by somebody else',
};

/** By the planner's name of the operation; what it is done to follows. */
export const operationWords = {
  pull_image: 'pull the image',
  create_network: 'create the network',
  write_file: 'write',
  write_tree: 'write the folder',
  switch_release: 'switch to its release',
  create_container: 'create the container',
  replace_container: 'replace the container',
  switch_container: 'switch to a new container, started beside the old one:',
  switch_unit: 'switch to a new unit, started beside the old one:',
  publish_ports: 'publish the ports of the container',
  reload_container: 'reload the container',
  start_container: 'start the container',
  restart_container: 'restart the container',
  write_unit: 'write the unit',
  start_unit: 'start the unit',
  restart_unit: 'restart the unit',
  reload_unit: 'reload the unit',
  enable_unit: 'enable at boot the unit',
  remove_owned_file: 'remove',
  check_health: 'check its health',
} as const;

export const fileNotes: Record<FileDiffNote, string> = {
  secret: 'Changed. Its lines are not shown: it holds secrets, or did.',
  binary: 'Changed. It is not text.',
  too_large: 'Changed. It is too long to be shown.',
  truncated: 'Longer than can be shown; the rest is left out.',
  unavailable: 'Its lines could not be read in time.',
};

export const diffWords = {
  nothing: 'Nothing to do: every host runs this version already.',
  summary: (counts: string[], hosts: number) => `${counts.join(', ')} on ${plural(hosts, 'host')}.`,
  unreachable: (hosts: string[]) => `Not asked, since not reachable: ${hosts.join(', ')}.`,
  unreachableMeans: 'Their part of the diff is missing. An apply waits for them.',
  conflict: 'Something that this deploy did not make is in the way. It is never overwritten.',
  reachable: 'Reachable',
  notReachable: 'Not reachable',
  downtime: 'short downtime',
  restart: 'restarts',
  keepsRunning: 'keeps running',
  noComponents: 'Nothing of this deploy belongs here.',
  reasons: 'Why',
  fields: 'What differs',
  files: 'Files',
  linesOf: (path: string) => `What changes in ${path}`,
  operations: 'What the host does',
  columns: { field: 'Field', from: 'Now', to: 'Then', kind: 'Because', path: 'Path', oldHash: 'Now', newHash: 'Then' },
  nothingThere: '(nothing)',
  version: (version: number) => `Diff of version ${version} against the hosts`,
  ask: 'Ask every host now',
  asking: 'Asking every host what it runs…',
  lead: 'A diff asks every host what it really runs, and changes nothing.',
  choose: 'Version',
} as const;
