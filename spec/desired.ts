/**
 * What one placement (host, component) shall be, fully rendered. This is data that travels: made on the
 * control plane, asked for by the host at the moment of use, compared with reality by `planHost`.
 * Property names are snake_case on every side, so that there is no conversion to get wrong.
 */
import type { Permission } from './host-policy/permissions.js';
import type { Fingerprint } from './planned.js';
import type { TestStage } from './test-results.js';

export interface PortMapping { ip: string; host_port: number; container_port: number; protocol: 'tcp' | 'udp' }

/** A bind mount (`source` is an absolute host path) or a named volume. */
export interface VolumeMount { kind: 'bind' | 'volume'; source: string; target: string; read_only: boolean }

export interface ResourceLimits { memory_bytes: number | null; cpus: number | null }

/** A value known by its digest under the placement's key; `content` is only there when the host is about to use it. */
export interface SecretValue { digest: string; content?: string }

/** A login for where a placement is fetched from. It is no part of what runs, and so of no hash. */
export interface SourceCredential {
  /** The only place that it may be sent to: `https://git.example.com:8443`, `ssh://git.example.com`, `registry.example.com:5000`. */
  origin: string;
  /** As of a secret value. */
  digest: string;
  /** Only there when the host is about to fetch. */
  content?: string;
}

export interface DockerRun {
  type: 'docker';
  image: string;
  /** What this version runs for `image`: `name:tag@sha256:…`, or the id of an image that only this host has. Left out: not pinned yet. */
  pinned?: string;
  pull_policy: 'if_not_present' | 'always' | 'never';
  container_name: string;
  ports: PortMapping[];
  volumes: VolumeMount[];
  env: Record<string, string>;
  /** Variables whose values hold secrets; their names are in no other list. */
  secret_env?: Record<string, SecretValue>;
  networks: string[];
  restart: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** null = the image's own. A string in YAML is split like a shell would, without one. */
  command: string[] | null;
  resources: ResourceLimits;
  /** Words of the command, run in the container, that makes it read its files again. */
  reload_command?: string[];
}

export interface SystemdRun {
  type: 'systemd';
  unit_name: string;
  command: string;
  working_directory: string | null;
  user: string | null;
  group: string | null;
  env: Record<string, string>;
  /** Variables whose values hold secrets are in this file, which is one of the placement's. */
  environment_file?: string;
  restart: 'no' | 'on-failure' | 'always';
  restart_sec: number;
  resources: ResourceLimits;
  /** As written; it is the unit's ExecReload=. */
  reload_command?: string;
  /** Two units take turns, and this port leads to the one that serves; see slots.ts. Left out: there is one unit. */
  slots?: { port: number };
  /** The unit file, complete; see `renderUnit`. With `slots`, the token stands where the port of each comes. */
  unit_text: string;
}

export type Healthcheck = HealthTiming & (
  | { type: 'http'; url: string; expect_status: number; expect_body_contains: string | null }
  | { type: 'tcp'; host: string; port: number }
  | { type: 'command'; command: string }
);

export interface HealthTiming { interval_ms: number; timeout_ms: number; start_period_ms: number; retries: number }

/** A single file on the host. `content` (base64) is only there when the host is about to write it. */
export interface DesiredFile {
  path: string;
  /** With `keyed`: HMAC-SHA256 under the placement's `digest_key`, since the file holds secrets that a plain hash would let be guessed. */
  sha256: string;
  keyed?: true;
  size: number;
  mode: number;
  /** null = left as it is created (root). */
  owner: string | null;
  group: string | null;
  strategy: 'overwrite' | 'atomic';
  origin: 'template' | 'file' | 'environment';
  content?: string;
}

/** A folder of the bundle. `atomic_symlink`: `<dest>/releases/<tree_hash>` with `<dest>/current` flipped to it. */
export interface DesiredTree {
  dest: string;
  strategy: 'overwrite' | 'atomic' | 'atomic_symlink';
  tree_hash: string;
  owner: string | null;
  group: string | null;
  files: { path: string; sha256: string; size: number; mode: number; content?: string }[];
}

/** Fetched and built on the host into a release of its own, to which the component directory points. */
export type DesiredSource = GitSource | ArchiveSource;

interface AnySource {
  /** The folder of it that is used; null = all of it. */
  subpath: string | null;
  /** Over the source and the build: with the same commit (or the same archive), it is the same release. */
  source_hash: string;
  /** The version whose commit it is: the version itself, or for a rollback the one that its content is of. */
  content_version: number;
}

/** A commit of a repository. */
export interface GitSource extends AnySource {
  type: 'git';
  repo: string;
  /** null = the default branch. */
  ref: string | null;
  /** Which commit it is in this version; left out: not pinned yet. */
  commit?: string;
}

/** An archive, which is unpacked. What stands for the commit of a git source is the sha256 of its bytes. */
export interface ArchiveSource extends AnySource {
  type: 'archive' | 'artifact';
  /** `stored`: the control plane has it. `host`: a file of the host, by its absolute path; what is in it is seen there. */
  at: { kind: 'stored'; sha256: string; size: number } | { kind: 'host'; path: string };
}

export interface BuildStep {
  command: string;
  env: Record<string, string>;
  /** As of a run section. */
  secret_env?: Record<string, SecretValue>;
  timeout_ms: number;
  /** Below the source directory; null = that directory itself. */
  working_dir: string | null;
}

/** `config`: templates; `content`: files and folders of the bundle; `code`: the release of a source; `dependencies`: see spec/follow. */
export type ReloadTrigger = 'code' | 'config' | 'dependencies' | 'content';

/** One test of the component; a placement has them in the order in which they run. */
export type DesiredTest = {
  name: string;
  when: TestStage;
  /** Tests of this placement that must have passed. */
  requires: string[];
  /** It needs a component that this one waits for, so that it cannot run ahead of the gates. */
  gated: boolean;
  timeout_ms: number;
  blocking: boolean;
} & ({ type: 'command'; command: string } | { type: 'http'; url: string; expect_status: number; expect_body_contains: string | null });

export interface DesiredPlacement {
  deploy_id: string;
  project: string;
  version: number;
  component: string;
  host: string;
  /** component_hash: equal hash and matching reality means unchanged. */
  hash: string;
  component_directory: string;
  /** How a change is brought in without an interruption; left out: the old one stops first. Not in the hash: it is about the way, not the end. */
  deploy_mode?: 'hot' | 'blue_green';
  /** Kinds of change for which what runs is told to reload; there is a `reload_command` then. */
  reload_on?: ReloadTrigger[];
  /** What the components are that it is told to reload after, see spec/follow. No part of the hash: they are not this one. */
  follows?: Readonly<Record<string, string>>;
  source: DesiredSource | null;
  /** For the repository of `source`, or for the registry of `run.image`. */
  credential?: SourceCredential;
  build: BuildStep[];
  run: DockerRun | SystemdRun;
  files: DesiredFile[];
  trees: DesiredTree[];
  healthcheck: Healthcheck | null;
  /** No part of the hash: a test that changed is no reason to touch what runs. */
  tests?: DesiredTest[];
  /** Hex; only there when something of it is secret. Of this deploy on this host, so that digests of others mean nothing here. */
  digest_key?: string;
  /** The secret values in `content`s, so that the host can keep them out of what it tells. */
  redact?: string[];
  /** How the applied plan saw it; only there in a rollout that applies a plan. */
  planned?: Fingerprint;
  /** What an administrator has allowed on this node, as of when it was asked; left out: nothing. No part of the hash. */
  allowed?: Permission[];
}
