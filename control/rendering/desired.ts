/**
 * What a host shall be, answered at the moment of use: rendered from the version, never stored. Versions are
 * immutable, so those in use are kept in memory; their rendered contents leave with them.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { artifactSizes } from '../artifacts/index.js';
import { baseOf, contentKey, loadContent, type Content } from '../deploys/content.js';
import { contentVersionsOf, type ContentVersions } from '../deploys/content-version.js';
import type { Reader } from '../database.js';
import { bundleContents } from '../documents/contents.js';
import { validateBundle, type Validation } from '../documents/validate.js';
import { secretsOfContent, usedValues } from '../secrets/pins.js';
import type { Vault } from '../secrets/vault.js';
import { valuesIn, withContents, withCredential } from './contents.js';
import { type Credentials, credentialsOf, secretsFor } from './credentials.js';
import { pinnedPlacements } from './pinned.js';
import { RecentlyUsed } from './recently-used.js';
import type { SecretVersions } from './secret-texts.js';

/** `unpinned`: which placements there are is all that is asked. */
export interface DesiredOptions { component?: string; withContent?: boolean; withCredential?: boolean; unpinned?: boolean }

export interface Renderer {
  /** The validation of a stored version, with its rendered placements as they are pinned by now. */
  version(deployId: string, content: Content): Promise<Validation>;
  /** The placements of one host; with `component`, only that one, and with `withContent` its file contents (base64); with `withCredential`, the logins for their sources. */
  desired(deployId: string, content: Content, host: string, options?: DesiredOptions): Promise<DesiredPlacement[]>;
}

/** An API of hundreds of deploys renders each active version once, not at every look of a host. */
const kept = { bytes: 128 * 1024 ** 2, entries: 2_000 };
/** What a placement holds on to besides its texts, roughly. */
const placementBytes = 4_096;

export interface RendererDeps {
  db: Reader;
  env: Readonly<Record<string, string>>;
  vault: Vault;
  /** See control/secrets/digest-key. */
  digestKey: string;
}

/** A rendered version, with the secrets that it was rendered with. */
interface Rendering { validation: Validation; credentials: Credentials; contentVersion: ContentVersions }

export function createRenderer(deps: RendererDeps): Renderer {
  const renderings = new RecentlyUsed(kept, sizeOf);

  const remember = (key: string, made: Promise<Rendering>): Promise<Rendering> => {
    // What is missing may be uploaded later.
    made.then(({ validation }) => { if (!validation.ok && namesArtifacts(validation) && renderings.get(key) === made) renderings.forget(key); }, () => undefined);
    return renderings.keep(key, made);
  };

  /** Until it is rolled out a version uses the latest secrets, so that it is rendered anew when they have changed. */
  const current = async (deployId: string, content: Content): Promise<Rendering> => {
    const key = `${deployId}/${contentKey(content)}`;
    const known = renderings.get(key);
    const rendering = await (known ?? remember(key, renderVersion(deps, deployId, content)));
    if (known === undefined || rendering.validation.rendered?.secrets.size === 0) return rendering;
    // What is in a file of the bundle never changes.
    if (rendering.credentials.place.kind === 'bundle') return rendering;
    const { vault, own } = await secretsOfContent(deps.db, deps.vault, deployId, content);
    if (usesThese(rendering, vault)) return { ...rendering, credentials: { ...rendering.credentials, secrets: vault, own } };
    return remember(key, renderVersion(deps, deployId, content));
  };

  const desired: Renderer['desired'] = async (deployId, content, host, { component, withContent = false, withCredential: withLogin = false, unpinned = false } = {}) => {
    const { validation, credentials, contentVersion } = await current(deployId, content);
    if (!validation.ok || validation.rendered === null) {
      throw new MaestroError('validation_error', `version ${baseOf(content)} cannot be rendered`, { fix: 'Correct the document and submit a new version.', errors: validation.errors });
    }
    const { placements, contents } = validation.rendered;
    const ofHost = placements.filter((placement) => placement.host === host && (component === undefined || placement.component === component));
    if (unpinned) return ofHost;
    const wanted = await pinnedPlacements(deps.db, deployId, contentVersion, ofHost);
    if (withLogin) return wanted.map((placement) => withCredential({ contents, secrets: secretsFor(credentials, placement.component) }, placement));
    if (!withContent) return wanted;
    const { versions, former } = await usedValues(deps.db, deps.vault, deployId);
    const others = versions.length === 0 ? [] : await valuesElsewhere(deployId, versions.filter((version) => version !== content));
    return Promise.all(wanted.map(async (placement) => {
      const filled = await withContents({ db: deps.db, contents, secrets: secretsFor(credentials, placement.component), former }, placement);
      const redact = [...new Set([...(filled.redact ?? []), ...others.flatMap((valuesOf) => valuesOf(placement))])];
      return redact.length === 0 ? filled : { ...filled, redact };
    }));
  };

  /** What a host tells may be of a version before, or of one that came no further than to it. One that cannot be rendered any more runs nowhere. */
  const valuesElsewhere = async (deployId: string, versions: readonly number[]): Promise<((placement: DesiredPlacement) => string[])[]> => {
    const renderings = await Promise.all(versions.map((version) => current(deployId, version).catch(() => null)));
    return renderings.map((rendering) => ({ host, component }) => {
      const { rendered } = rendering?.validation ?? { rendered: null };
      const there = (rendered?.placements ?? []).filter((placement) => placement.host === host && placement.component === component);
      return rendered === null || rendering === null ? [] : there.flatMap((placement) => valuesIn({ contents: rendered.contents, secrets: secretsFor(rendering.credentials, component) }, placement));
    });
  };

  const version: Renderer['version'] = async (deployId, content) => {
    const { validation, contentVersion } = await current(deployId, content);
    if (validation.rendered === null) return validation;
    const placements = await pinnedPlacements(deps.db, deployId, contentVersion, validation.rendered.placements);
    return { ...validation, rendered: { ...validation.rendered, placements } };
  };

  return { version, desired };
}

async function renderVersion({ db, vault, env, digestKey }: RendererDeps, deployId: string, content: Content): Promise<Rendering> {
  const bundle = await loadContent(db, deployId, content);
  const [secrets, contents, contentVersion] = await Promise.all([secretsOfContent(db, vault, deployId, content), bundleContents(bundle), contentVersionsOf(db, deployId, content)]);
  const validation = await validateBundle(bundle.yaml, contents, { deployId, version: bundle.version, contentVersion, env, secrets, artifacts: (sha256s) => artifactSizes(db, sha256s), digestKey });
  return { validation, credentials: await credentialsOf(validation.document?.credentials_ref, contents.texts, secrets), contentVersion };
}

const sizeOf = ({ validation: { rendered } }: Rendering): number =>
  (rendered?.placements.length ?? 0) * placementBytes + [...(rendered?.contents.values() ?? [])].reduce((sum, text) => sum + 2 * text.length, 0);

const namesArtifacts = ({ document }: Validation): boolean => Object.values(document?.components ?? {}).some(({ source }) => source?.type === 'artifact');

const usesThese = ({ validation: { rendered } }: Rendering, secrets: SecretVersions): boolean =>
  rendered === null || [...rendered.secrets].every(([path, version]) => (secrets.get(path)?.version ?? null) === version);
