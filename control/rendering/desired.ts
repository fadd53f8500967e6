/**
 * What a host shall be, answered at the moment of use: rendered from the version, never stored. Versions are
 * immutable, so the last few are kept in memory; their rendered contents leave with them.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { loadBlob, loadBundle } from '../deploys/load-bundle.js';
import type { Reader } from '../database.js';
import { bundleContents } from '../documents/contents.js';
import { validateBundle, type Validation } from '../documents/validate.js';

export interface Renderer {
  /** The validation of a stored version, with its rendered placements. */
  version(deployId: string, number: number): Promise<Validation>;
  /** The placements of one host; with `component`, only that one, and with `withContent` its file contents (base64). */
  desired(deployId: string, number: number, host: string, options?: { component?: string; withContent?: boolean }): Promise<DesiredPlacement[]>;
}

const keptVersions = 50;

export function createRenderer({ db, env }: { db: Reader; env: Readonly<Record<string, string>> }): Renderer {
  const kept = new Map<string, Promise<Validation>>();

  const render = async (deployId: string, number: number): Promise<Validation> => {
    const bundle = await loadBundle(db, deployId, number);
    return validateBundle(bundle.yaml, await bundleContents(bundle), { deployId, version: number, env });
  };

  const version = (deployId: string, number: number): Promise<Validation> => {
    const key = `${deployId}/${number}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = render(deployId, number);
    kept.set(key, made);
    made.catch(() => kept.delete(key));
    if (kept.size > keptVersions) for (const oldest of [...kept.keys()].slice(0, kept.size - keptVersions)) kept.delete(oldest);
    return made;
  };

  const desired: Renderer['desired'] = async (deployId, number, host, { component, withContent = false } = {}) => {
    const validation = await version(deployId, number);
    if (!validation.ok || validation.rendered === null) {
      throw new MaestroError('validation_error', `version ${number} cannot be rendered`, { fix: 'Correct the document and submit a new version.', errors: validation.errors });
    }
    const { placements, contents } = validation.rendered;
    const wanted = placements.filter((placement) => placement.host === host && (component === undefined || placement.component === component));
    return withContent ? Promise.all(wanted.map((placement) => fill(db, placement, contents))) : wanted;
  };

  return { version, desired };
}

async function fill(db: Reader, placement: DesiredPlacement, contents: ReadonlyMap<string, string>): Promise<DesiredPlacement> {
  const content = async (sha256: string): Promise<string> => {
    const rendered = contents.get(sha256);
    return (rendered === undefined ? await loadBlob(db, sha256) : Buffer.from(rendered)).toString('base64');
  };
  const files = await Promise.all(placement.files.map(async (file) => ({ ...file, content: await content(file.sha256) })));
  const trees = await Promise.all(placement.trees.map(async (tree) => ({
    ...tree, files: await Promise.all(tree.files.map(async (file) => ({ ...file, content: await content(file.sha256) }))),
  })));
  return { ...placement, files, trees };
}
