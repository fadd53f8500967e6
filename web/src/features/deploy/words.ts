import type { DeployState, RolloutBrief } from '../../api/types.js';
import type { RolloutKind } from '../../api/words.js';
import { plural } from '../../ui/plural.js';

export const deployStateWords: Record<DeployState, string> = {
  never_applied: 'Never applied', in_sync: 'In sync', drifted: 'Drifted', rolling_out: 'Rolling out', paused: 'Paused', failed: 'Failed',
};

/** Whole sentences for where a deploy stands. */
export const deploySentences = {
  neverApplied: (latest: number) => `Version ${latest} is ready to diff and apply.`,
  inSync: (active: number, hosts: number) => `Version ${active} is active on ${plural(hosts, 'host')}.`,
  inSyncShort: (active: number) => `Version ${active} is active.`,
  drifted: (active: number, wrong: number) => `Version ${active} is active, but ${plural(wrong, 'placement')} ${wrong === 1 ? 'is' : 'are'} not as it asks for.`,
  newer: (latest: number) => `Version ${latest} is submitted and not applied yet.`,
  rollingOut: (version: number) => `Version ${version} is being rolled out now.`,
  paused: (version: number) => `The rollout of version ${version} is paused and waits for your answer.`,
  failed: (version: number) => `The rollout of version ${version} did not succeed.`,
  stillActive: (active: number) => `Version ${active} counts as active.`,
  noneActive: 'No version has succeeded yet.',
} as const;

interface Origin { parent: number | null; component: string | null; component_from: number | null }

export const versionKinds: Record<RolloutKind, (origin: Origin) => string> = {
  apply: () => 'submitted',
  rollback: ({ parent, component, component_from: from }) => (component !== null ? `roll back ${component} to version ${from}` : parent === null ? 'roll back' : `roll back to version ${parent}`),
  teardown: () => 'tear down',
};

const lastKinds: Record<RolloutKind, string> = { apply: 'apply', rollback: 'roll back', teardown: 'tear down' };

export const deploysWords = {
  title: 'Deploys',
  create: 'New deploy',
  columns: { name: 'Name', state: 'State', active: 'Active', latest: 'Latest', last: 'Last rollout', updated: 'Updated' },
  noVersion: 'none',
  version: (number: number) => `v${number}`,
  lastRollout: ({ kind, version }: RolloutBrief) => `${lastKinds[kind]} v${version}`,
  never: 'none yet',
  more: 'Show more',
  empty: {
    title: 'No deploys yet',
    sentence: 'A deploy is one YAML document, with the files it needs, that says what runs on which hosts. Submit one, look at its diff, then apply it.',
    recipe: 'A whole one to start from: nginx on one host.',
    copy: 'Copy the example',
  },
} as const;

export const newDeployWords = {
  title: 'New deploy',
  lead: 'Submitting stores version 1 and touches no host; you look at the diff and apply afterwards.',
  create: 'Create deploy',
  name: 'Name',
  nameHint: 'Left empty, it is the project of the document.',
} as const;

export const deployWords = {
  heading: 'Deploy',
  apply: (version: number) => `Apply version ${version}…`,
  delete: 'Delete…',
  rolloutOpen: 'A rollout is open: answer it first.',
  tabs: { overview: 'Overview', yaml: 'YAML', versions: 'Versions', diff: 'Diff' },
  tabList: 'Parts of this deploy',
  hosts: 'Hosts',
  components: 'Components',
} as const;

export const overviewWords = {
  title: 'Components by host',
  lead: 'As the last rollout left them.',
  openRollout: 'The rollout going on',
  lastRollout: 'The last rollout',
  component: 'Component',
  none: 'not placed here',
  neverApplied: 'Nothing has been applied yet, so there is nothing to see here.',
  neverAppliedNext: 'Look at the diff of version',
  placementsOf: 'Where it will run',
} as const;

export const yamlWords = {
  version: (number: number) => `Version ${number}`,
  editing: (number: number) => `Editing version ${number}`,
  read: (number: number) => `YAML of version ${number}`,
  edit: 'Edit',
  stop: 'Discard changes',
  submit: (number: number) => `Submit version ${number}`,
  submits: 'Submitting stores a new version and touches no host.',
  unchanged: 'Nothing has been changed yet.',
  conflictTitle: 'Somebody submitted another version meanwhile',
  conflict: (base: number, latest: number) => `You edited version ${base}; by now version ${latest} is the latest. Nothing of yours was stored.`,
  conflictShow: (latest: number) => `Show version ${latest}`,
  conflictTake: (latest: number) => `Submit mine as version ${latest + 1} all the same`,
  copy: 'Copy the YAML',
  files: 'Files of the bundle',
} as const;

export const versionsWords = {
  columns: { number: 'Version', kind: 'Kind', by: 'By', when: 'When', rollouts: 'Rollouts', act: 'Do' },
  active: 'active',
  latest: 'latest',
  noRollouts: 'never applied',
  view: 'View YAML',
  viewOf: (number: number) => `View the YAML of version ${number}`,
  diff: 'Diff',
  diffOf: (number: number) => `Diff of version ${number}`,
  rollBack: 'Roll back…',
  rollBackTo: (number: number) => `Roll back to version ${number}`,
  dialogTitle: (number: number) => `Version ${number}`,
} as const;

export const applyWords = {
  title: (version: number) => `Apply version ${version}?`,
  confirm: (version: number) => `Apply version ${version}`,
  confirmPlan: 'Apply this plan',
  confirmAgain: 'Apply all the same',
  asking: 'Asking every host what this would change…',
  effect: 'This is what the hosts say an apply would change:',
  conflictStops: 'An apply would stop at the conflict. Mend it first.',
  exact: 'Exactly this is done, once: a host that is not as it was seen here refuses before it touches anything. You can follow it, retry, skip or abort.',
  inexact: 'A part of the plan is missing, so what is done may differ from it. It starts at once, and you can follow it, retry, skip or abort.',
  askAgain: 'Diff again',
  itsRollout: 'Show its rollout',
  openRollout: 'Show the open rollout',
} as const;

export const rollbackWords = {
  title: (version: number) => `Roll back to version ${version}?`,
  confirm: (version: number) => `Roll back to version ${version}`,
  effect: (version: number, next: number) => `The content of version ${version} is stored as version ${next} and applied. No version is removed; the present one stays in the list.`,
  hosts: 'This is what the hosts say it would change:',
} as const;

export const deleteWords = {
  title: (name: string) => `Delete ${name}?`,
  effect: 'It disappears from the lists with its versions.',
  hostsStay: 'The hosts are left alone: containers, units and files keep running as they are.',
  type: (name: string) => `Type ${name} to delete it`,
  confirm: 'Delete the deploy',
} as const;
