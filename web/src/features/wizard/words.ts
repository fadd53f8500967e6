import { plural } from '../../ui/plural.js';
import type { Entry, HealthKind, SourceKind, Strategy } from './model/answers.js';
import type { Field, Step } from './model/steps.js';

export const wizardWords = {
  title: 'Wizard',
  titles: { 'new': 'New deploy by the wizard', 'add-component': 'Add a component', 'upgrade-component': 'Change a component' } satisfies Record<Entry, string>,
  lead: 'Answer step by step; on the right is the document as you would have written it. Nothing is stored before you save, and no host is touched by that.',
  open: 'Wizard',
  addComponent: 'Add a component',
  changeComponent: 'Change a component',
  stepList: 'Steps',
  stepOf: (index: number, count: number) => `Step ${index} of ${count}`,
  incomplete: 'has something to mend',
  done: 'answered',
  next: 'Next',
  back: 'Back',
  startOver: 'Start over',
  kept: 'A draft is kept in this browser until you save it. Values of variables that look like secrets are not.',
  noRight: 'You may look at the wizard and copy its document, but not save it.',
  unreadable: 'The latest version of this deploy cannot be read as YAML, so the wizard cannot change it.',
  unreadableFix: 'Open its YAML tab and correct it there.',
  refused: 'This change cannot be written for you',
  editYaml: 'Open the YAML tab',
  choose: 'Choose…',
  wayIn: 'Way in',
  kindOfSource: 'Kind of source',
  noDeploys: 'There is no deploy yet. Begin with a new one.',
  notByWizard: (name: string) => `${name} (edit it in the YAML tab)`,
} as const;

export const stepWords: Record<Step, { name: string; title: string; lead: string }> = {
  entry: { name: 'Entry', title: 'What do you want to do?', lead: 'A deploy is a named, versioned document: which components run on which hosts.' },
  intent: { name: 'Intent', title: 'What is it called?', lead: 'Names are for people and for other components; they show in lists, plans and logs.' },
  source: { name: 'Source', title: 'Where does it come from?', lead: 'An image runs as a container. Everything else runs as a systemd service.' },
  details: { name: 'Source details', title: 'Which one exactly?', lead: 'What it was is pinned when the version is applied first, so that a roll back gets the very same.' },
  placement: { name: 'Placement', title: 'Where does it run?', lead: 'Tick every host on which the component shall run.' },
  runtime: { name: 'Runtime', title: 'How does it run?', lead: 'Ports, variables, and how its health is checked. A rollout goes on only when it is healthy.' },
  review: { name: 'Review', title: 'Is this what you mean?', lead: 'Saving stores the document as a version. Then you look at the diff, and apply.' },
};

export const entryWords: Record<Entry, { label: string; help: string }> = {
  'new': { label: 'Make a new deploy', help: 'With its first component. More are added afterwards.' },
  'add-component': { label: 'Add a component to a deploy', help: 'Its document gets one more component; comments and order stay.' },
  'upgrade-component': { label: 'Change a component of a deploy', help: 'Another version, other ports or variables. Everything else stays as it is.' },
};

export const sourceWords: Record<SourceKind, { label: string; help: string }> = {
  docker: { label: 'Pre-built Docker image', help: 'From Docker Hub or another registry; runs as a container.' },
  git: { label: 'Git repository', help: 'A branch, tag or commit; build steps are added in the YAML.' },
  archive: { label: 'Archive', help: 'A .tar, .tar.gz, .tar.zst or .zip that is on the hosts.' },
  artifact: { label: 'Uploaded artifact', help: 'Something that was uploaded to Maestro before.' },
  none: { label: 'Already on the host', help: 'Nothing is fetched; a service runs a program that is there.' },
};

export const healthWords: Record<HealthKind, string> = { http: 'HTTP request', tcp: 'TCP connection', command: 'Command', none: 'No check' };

export const strategyWords: Record<Strategy, string> = {
  sequential: 'sequential: one host after the other', parallel: 'parallel: all hosts at once', canary: 'canary: a part of the hosts first', blue_green: 'blue_green: the new beside the old, then switch',
};

export const fieldWords: Record<Field, { label: string; help: string; example: string }> = {
  base: { label: 'Deploy', help: 'Its latest version is what is changed.', example: '' },
  upgraded: { label: 'Component', help: 'The one to change.', example: '' },
  project: { label: 'Name of the deploy', help: 'One for everything that belongs together.', example: 'hello-web' },
  component: { label: 'Name of the component', help: 'Letters, digits, "-" and "_". Other components depend on it by this name.', example: 'web' },
  depends_on: { label: 'Depends on', help: 'These must be healthy before it starts.', example: 'db' },
  image: { label: 'Image', help: 'With its registry when it is not Docker Hub.', example: 'ghcr.io/acme/api' },
  tag: { label: 'Tag', help: 'A version, or a digest sha256:…; left empty, it is latest.', example: '1.27-alpine' },
  repo: { label: 'Repository', help: 'By https or ssh.', example: 'https://github.com/acme/api.git' },
  ref: { label: 'Branch, tag or commit', help: 'Left empty, it is the default branch.', example: 'main' },
  archive: { label: 'Path of the archive', help: 'An absolute path on the host; archives in the bundle are added with the YAML.', example: '/srv/releases/api-1.5.tar.gz' },
  artifact: { label: 'sha256 of the artifact', help: 'As the upload answered it.', example: '9f86d081884c7d65…' },
  subpath: { label: 'Folder inside', help: 'Left empty, all of it is used.', example: 'services/api' },
  credentials: { label: 'Login, from the vault', help: 'The path of the secret; for what is public, leave it empty.', example: 'registry/ghcr' },
  hosts: { label: 'Hosts', help: '', example: '' },
  strategy: { label: 'Strategy', help: 'In which order the hosts get a new version.', example: '' },
  name: { label: 'Name on the host', help: 'Of the container or the unit; left empty, it is made of the names of deploy and component.', example: 'hello-web' },
  command: { label: 'Command', help: 'With the absolute path of the program.', example: '/usr/bin/node /opt/api/server.js' },
  working_directory: { label: 'Working directory', help: 'Where the source is put and the command runs; left empty, /opt/maestro/<component>.', example: '/opt/acme-api' },
  user: { label: 'User', help: 'It must exist on the host; left empty, it is root.', example: 'deploy' },
  restart: { label: 'Restart', help: 'When it is started again by itself.', example: '' },
  ports: { label: 'Ports', help: 'One a line: port on the host, colon, port in the container.', example: '80:80' },
  volumes: { label: 'Volumes', help: 'One a line: name or path on the host, colon, path in the container.', example: 'data:/var/lib/data' },
  env: { label: 'Environment variables', help: 'Secrets are named by their path in the vault; their values never show in the document.', example: 'LOG_LEVEL' },
  health_url: { label: 'Path or address', help: 'Asked on the host, on the first published port unless you name another.', example: '/health' },
  health_status: { label: 'Status that is healthy', help: '', example: '200' },
  health_port: { label: 'Port to check', help: 'Left empty, it is the first published one.', example: '5432' },
  health_command: { label: 'Command of the check', help: 'Healthy when it ends with exit code 0.', example: 'pg_isready -U demoapp' },
  health_start_period: { label: 'Start period', help: 'Failures this soon after the start do not count; left empty, it is 15s.', example: '20s' },
};

export const placementWords = {
  offline: 'offline',
  notEnrolled: 'The document names it, but no such node is enrolled: an apply is refused until it is.',
  lacksDocker: 'Without Docker a container cannot run here.',
  lacksSystemd: 'Without systemd a service cannot run here.',
  joins: (host: string) => `Runs already, by this document: ${host}.`,
  address: (host: string) => `Address of ${host}`,
  addressHelp: 'For use in the document, such as in {{ hosts[…].address }}. May be left empty.',
  empty: { title: 'There is no node yet', sentence: 'A component runs on a host that has a host worker. Enroll one, then come back: your answers are kept.', action: 'Enroll a node' },
} as const;

export const runtimeWords = {
  strategyLocked: 'Unlocks with more than one host: tick more on Placement.',
  health: 'Health check',
  healthKind: 'Checked by',
  addVariable: 'Add a variable',
  variableName: (index: number) => `Name of variable ${index}`,
  variableValue: (index: number) => `Value of variable ${index}`,
  variablePath: (index: number) => `Vault path of variable ${index}`,
  variableSecret: (index: number) => `Variable ${index} is a secret in the vault`,
  inVault: 'Secret',
  remove: (index: number) => `Remove variable ${index}`,
  looksSecret: (names: string) => `${names}: this looks like a secret. Put it into the vault and tick Secret, or everybody who may read the document can read it.`,
  noEnv: 'None.',
} as const;

export const paneWords = {
  title: 'The document',
  label: 'Live YAML',
  copy: 'Copy the file',
  added: 'changed or new line:',
  removed: 'removed line:',
  changes: (added: number, removed: number) => (added + removed === 0 ? 'Nothing has been changed yet.' : `${plural(added, 'line')} new or changed, ${removed} removed.`),
  since: { 'new': 'since this step was opened', 'add-component': 'against the latest version', 'upgrade-component': 'against the latest version' } satisfies Record<Entry, string>,
} as const;

export const reviewWords = {
  open: 'Still to be answered',
  goTo: (step: string) => `Go to ${step}`,
  create: 'Create deploy',
  submit: (number: number) => `Submit version ${number}`,
  next: 'Afterwards: Diff asks every host what would change, and Apply does exactly that.',
  summary: (component: string, hosts: string[]) => `${component} runs on ${hosts.join(', ')}.`,
  unchanged: 'Nothing differs from the latest version, so there is nothing to save.',
  conflictTitle: 'Somebody submitted another version meanwhile',
  conflict: (base: number, latest: number) => `Your change was made on version ${base}; by now version ${latest} is the latest. Nothing of yours was stored, and your answers are kept.`,
  conflictShow: (latest: number) => `Show version ${latest}`,
  conflictTake: (latest: number) => `Put my change on version ${latest}`,
} as const;
