/**
 * What a host says of one placement: read from Docker, systemd, the file system and a health probe,
 * normalised to the shapes of `desired.ts` so that the planner compares like with like.
 */
import type { DockerRun, SystemdRun } from './desired.js';

/** The mark a deploy leaves on what it made. Without it, it is somebody else's. */
export interface Ownership { deploy_id: string; component: string; version: number; hash: string }

export interface ObservedContainer {
  id: string;
  /** null = no mark of any deploy. */
  owner: Ownership | null;
  status: 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead' | 'removing';
  exit_code: number;
  /** The image id it runs, and the id that its reference names on this host now (null: not present). */
  image_id: string;
  wanted_image_id: string | null;
  /** Read back from inspect. `env` leaves out what the image itself sets; `command` is null when it is the image's own. */
  run: Omit<DockerRun, 'type' | 'pull_policy'>;
  started_at: string | null;
  /** Its ports are published by rules of ours, which can be changed while it runs; else by Docker, for its whole life. */
  published_by_rules?: boolean;
}

export interface ObservedUnit {
  /** True when this deploy's journal lists the unit; false: it is somebody else's. */
  owned: boolean;
  load_state: string;
  active_state: string;
  sub_state: string;
  enabled: boolean;
  /** sha256 of the unit file on disk; null when there is none. Of one of two that is as asked: as of the text with the token in place of its port. */
  unit_sha256: string | null;
  /** systemd read the file before it was changed last. */
  needs_daemon_reload: boolean;
  exit_code: number;
  run: Pick<SystemdRun, 'unit_name'>;
  started_at: string | null;
  /** It is one of two that take turns: whether the name in the document is no name of anything else, and the published port leads to it. */
  slot?: { alias: boolean; published: boolean };
}

export interface ObservedFile {
  path: string;
  kind: 'file' | 'missing' | 'other';
  sha256: string | null;
  mode: number | null;
  owner: string | null;
  group: string | null;
  /** Listed in the journal as made by this placement. */
  owned: boolean;
}

export interface ObservedTree {
  dest: string;
  kind: 'tree' | 'missing' | 'other';
  /** Hash over what is really there, in the way of `treeHash`; null when unreadable or missing. */
  tree_hash: string | null;
  owned: boolean;
}

/** The component directory of a source, and what its ref names. The commit of an archive is the sha256 of its bytes. */
export interface ObservedSource {
  path: string;
  /** `link`: a symbolic link, wherever it points to. */
  kind: 'missing' | 'link' | 'other';
  /** Listed in the journal as made by this placement. */
  owned: boolean;
  /** Of our release that the link points to; null: it points elsewhere, or to one that is gone. */
  current: { commit: string; source_hash: string } | null;
  /** What this version was pinned to on this host, else what the repository (or the file) says now; null: it could not be asked. */
  wanted_commit: string | null;
  /** Why it could not be asked. */
  trouble: string | null;
  /** A finished release of the wanted commit is there. */
  prepared: boolean;
}

export interface ObservedHealth { ok: boolean; detail: string }

export interface ObservedPlacement {
  component: string;
  /** Hash this host's journal remembers as applied last; only used to tell drift from change. */
  applied_hash: string | null;
  applied_version: number | null;
  /** What it follows, as of its last start or reload that the journal remembers; null or absent: not known. */
  applied_follows?: Readonly<Record<string, string>> | null;
  image_present: boolean;
  /** The id that the run section's image (or what it is pinned to) names on this host now; null or absent: not known. */
  wanted_image_id?: string | null;
  /** The registry's digest of an image that is not pinned yet: what is here, or what the registry has when that is to be used; null: not known. */
  image_digest?: string | null;
  container: ObservedContainer | null;
  unit: ObservedUnit | null;
  files: ObservedFile[];
  trees: ObservedTree[];
  /** null: the placement has no source of this kind. */
  source: ObservedSource | null;
  health: ObservedHealth | null;
}

export interface HostFacts { docker: boolean; systemd: boolean; missing: string[] }
