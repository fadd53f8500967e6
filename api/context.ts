/** What every handler works with; made once per process, or per test. */
import type { ArtifactStore } from '../control/artifacts/index.js';
import type { EventFeed } from '../control/events/index.js';
import type { PayloadKeyRing } from '../control/payloads/index.js';
import type { HostBundles } from '../control/host-bundles/index.js';
import type { Renderer } from '../control/rendering/desired.js';
import type { Vault, VaultKeys } from '../control/secrets/index.js';
import type { PrismaClient } from '../prisma/client.js';
import type { AuditAnchor } from '../control/audit/index.js';
import type { SetupCode } from '../control/auth/index.js';
import type { GuessLimits } from './http/guesses.js';
import type { RequestLimits } from './http/request-limits.js';
import type { Logger } from './log.js';
import type { Orchestrator } from './temporal.js';

export interface ApiSettings {
  /** Origins besides our own Host that may use a browser's cookie, for a proxy that rewrites Host. */
  allowedOrigins: readonly string[];
  /** People come by https, so cookies are for https alone. */
  https: boolean;
  /** Where people look at workflows; null: no link is answered. */
  temporalUiUrl: string | null;
  temporalNamespace: string;
  /** Variables of this process that templates may read. */
  templateEnv: Readonly<Record<string, string>>;
  artifacts: { maxBytes: number; ttlMs: number };
  guessLimits: GuessLimits;
  requestLimits: RequestLimits;
  /** Names by which we may be called, besides addresses, localhost and the name of this machine. */
  allowedHosts: readonly string[];
  /** An answer that does not fit its schema is an error (tests), not only a line in the log. */
  strictAnswers: boolean;
}

/** Where hosts come in. */
export interface HostsDoor {
  url: string;
  /** Of the install script. */
  installUrl: string;
  /** `sha256:…` of the root that the gateway's certificate comes from. */
  caDigest(): Promise<string>;
  /** What the keys of the authority are sealed with. */
  keys: VaultKeys;
}

export interface ApiContext {
  db: PrismaClient;
  feed: EventFeed;
  renderer: Renderer;
  vault: Vault;
  artifacts: ArtifactStore;
  hostBundles: HostBundles;
  temporal: Orchestrator;
  hostsDoor: HostsDoor;
  /** Keys that are files: of payloads, and in `dataDir` those of releases. */
  fileKeys: { dataDir: string; payload: PayloadKeyRing };
  log: Logger;
  setupCode: SetupCode;
  auditAnchor: AuditAnchor;
  settings: ApiSettings;
  openapi(): object;
}

/** Temporal Web's page of a workflow. */
export function workflowUrl({ temporalUiUrl, temporalNamespace }: ApiSettings, workflowId: string): string | null {
  if (temporalUiUrl === null) return null;
  return `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
