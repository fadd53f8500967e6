/** What somebody has answered so far. Everything is text as typed, so that a draft can be kept of it and nothing is lost. */
export const entries = ['new', 'add-component', 'upgrade-component'] as const;
export type Entry = (typeof entries)[number];
export const isEntry = (value: string | null): value is Entry => entries.some((entry) => entry === value);

export const sourceKinds = ['docker', 'git', 'archive', 'artifact', 'none'] as const;
export type SourceKind = (typeof sourceKinds)[number];
export const healthKinds = ['http', 'tcp', 'command', 'none'] as const;
export type HealthKind = (typeof healthKinds)[number];
export const strategies = ['sequential', 'parallel', 'canary', 'blue_green'] as const;
export type Strategy = (typeof strategies)[number];

/** A variable; of a secret, `value` is its path in the vault. */
export interface EnvEntry { name: string; value: string; secret: boolean }

export interface Answers {
  project: string;
  component: string;
  depends_on: string[];
  source: SourceKind;
  image: string;
  tag: string;
  repo: string;
  ref: string;
  archive: string;
  artifact: string;
  subpath: string;
  /** Path in the vault of the login for the registry or the repository. */
  credentials: string;
  hosts: string[];
  /** What a host that the document does not have yet gets as its address; empty: none. */
  addresses: Record<string, string>;
  strategy: Strategy;
  /** Of the container or the unit; empty: made of project and component. */
  name: string;
  command: string;
  working_directory: string;
  user: string;
  restart: string;
  /** One a line. */
  ports: string;
  volumes: string;
  env: EnvEntry[];
  health: HealthKind;
  /** A path on the first published port, or a whole address. */
  health_url: string;
  health_status: string;
  health_port: string;
  health_command: string;
  health_start_period: string;
}

const blank: Answers = {
  project: '', component: '', depends_on: [],
  source: 'docker', image: '', tag: '', repo: '', ref: '', archive: '', artifact: '', subpath: '', credentials: '',
  hosts: [], addresses: {}, strategy: 'sequential',
  name: '', command: '', working_directory: '', user: '', restart: '', ports: '', volumes: '', env: [],
  health: 'http', health_url: '/', health_status: '200', health_port: '', health_command: '', health_start_period: '',
};

/** Accepted as they are, with one host, these make recipe 01. */
export const newDeployAnswers: Answers = { ...blank, project: 'hello-web', component: 'web', image: 'nginx', tag: '1.27-alpine', restart: 'unless-stopped', ports: '80:80' };

/** Of a deploy that is there, nothing can be guessed but where it runs. */
export const addComponentAnswers = (project: string, hosts: string[]): Answers => ({ ...blank, project, hosts, restart: 'unless-stopped' });

/** Nothing answered; what a document says is read into it. */
export const noAnswers: Answers = { ...blank, health: 'none', health_url: '', health_status: '' };

export const runsInDocker = ({ source }: Pick<Answers, 'source'>): boolean => source === 'docker';
export const linesOf = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

/** Restart policies of what it runs under; the first is the default. */
export const restartsOf = (answers: Pick<Answers, 'source'>): readonly string[] => (runsInDocker(answers) ? ['unless-stopped', 'always', 'on-failure', 'no'] : ['on-failure', 'always', 'no']);
