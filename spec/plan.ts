/** The plan of one placement: shown, stored and executed as the same data. */
import type { Action, ComponentState, DriftKind } from './words.js';

export interface FieldChange {
  /** Dotted name of what differs: `container`, `image`, `ports`, `env.LOG_LEVEL`, `unit.active_state`, `files./etc/app.conf`. */
  field: string;
  /** `drift` kinds: reality left the applied state. `desired`: the new version asks for something else. */
  kind: DriftKind | 'desired';
  /** Short, printable, never an environment value. null = nothing there. */
  from: string | null;
  to: string | null;
}

/** `unified_diff` and `note` are there in the answer to a diff only, and for single files. */
export interface FileChange { path: string; old_sha256: string | null; new_sha256: string; kind: DriftKind | 'desired'; unified_diff?: string | null; note?: FileDiffNote | null }

/** Why a file is shown without its lines, or without all of them. `secret`: it holds secrets, or did. */
export const fileDiffNotes = ['secret', 'binary', 'too_large', 'truncated', 'unavailable'] as const;
export type FileDiffNote = (typeof fileDiffNotes)[number];

/** How the text of one file of a placement changes; secrets are never in it. */
export interface FileDiff { component: string; path: string; unified_diff: string | null; note: FileDiffNote | null }

/** What a host may say of its files in a diff, in bytes: of one file, and in all. */
export const fileDiffBytesMax = 64 << 10;
export const hostDiffBytesMax = 512 << 10;

/** One thing a host does, in this order. Each looks for its own mark first and is safe to repeat. */
export type Operation =
  | { op: 'pull_image'; image: string }
  | { op: 'create_network'; network: string }
  | { op: 'write_file'; path: string }
  | { op: 'write_tree'; dest: string }
  | { op: 'switch_release'; path: string }
  | { op: 'create_container'; name: string }
  | { op: 'replace_container'; name: string }
  /** Another one beside it, which takes over when it is healthy. */
  | { op: 'switch_container'; name: string }
  /** The host's rules that lead to it, and nothing else; `name`: of a container, or of a unit in the document. */
  | { op: 'publish_ports'; name: string }
  | { op: 'reload_container'; name: string }
  | { op: 'start_container'; name: string }
  | { op: 'restart_container'; name: string }
  /** The other one of two units beside it, which takes over when it is healthy; `unit`: the name in the document. */
  | { op: 'switch_unit'; unit: string }
  | { op: 'write_unit'; unit: string }
  | { op: 'start_unit'; unit: string }
  | { op: 'restart_unit'; unit: string }
  | { op: 'reload_unit'; unit: string }
  | { op: 'enable_unit'; unit: string }
  | { op: 'remove_owned_file'; path: string }
  | { op: 'check_health' };

/** An image that is pulled again, or a look at health, is no change. */
export const changesHost = (operations: readonly Operation[]): boolean => operations.some(({ op }) => op !== 'check_health' && op !== 'pull_image');

export interface PlacementPlan {
  component: string;
  action: Action;
  restart: boolean;
  downtime: boolean;
  /** Plain sentences, most important first. */
  reasons: string[];
  fields: FieldChange[];
  files: FileChange[];
  operations: Operation[];
  observed_state: ComponentState;
  /** Something has to be fetched or built first, which touches nothing that runs. */
  needs_prepare: boolean;
  /** Told in a diff: the image id or commit that it is to run, as far as its host knows; null: it has yet to be fetched. */
  identity?: string | null;
}
