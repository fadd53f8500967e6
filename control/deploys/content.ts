/** What can be rendered and rolled out: a version, or a version with one component as it was in another one. */
import { spliceComponent } from '../../spec/splice/splice-component.js';
import { bundleUses } from '../../spec/splice/bundle-uses.js';
import { spliceFiles } from '../../spec/splice/splice-files.js';
import type { DeployDocument } from '../../spec/document/index.js';
import { MaestroError } from '../../spec/errors.js';
import { secretsNamed, secretsPlace, withBracedCredential } from '../../spec/secrets/references.js';
import { notFound, type Reader } from '../database.js';
import { bundleContents } from '../documents/contents.js';
import { storedDocument } from '../documents/stored-document.js';
import { loadBlob, loadBundle, type LoadedBundle, type LoadedFile } from './load-bundle.js';

/** `component` as it is in version `from`, everything else as in version `base`. */
export interface OneComponent { base: number; component: string; from: number }
export type Content = number | OneComponent;

/** Of the version that it is in, or comes back into. */
export const baseOf = (content: Content): number => (typeof content === 'number' ? content : content.base);

export const contentKey = (content: Content): string => (typeof content === 'number' ? String(content) : `${content.base}+${content.component}@${content.from}`);

/** Throws `not_found`, or why the component alone cannot be taken back: `conflict`, `dependency_missing`, `validation_error`. */
export async function loadContent(db: Reader, deployId: string, content: Content): Promise<LoadedBundle> {
  if (typeof content === 'number') return loadBundle(db, deployId, content);
  const { component } = content;
  const [base, from] = await Promise.all([loadBundle(db, deployId, content.base), loadBundle(db, deployId, content.from)]);
  const spliced = spliceComponent({ yaml: base.yaml, name: `v${content.base}` }, { yaml: from.yaml, name: `v${content.from}` }, component);
  if ('refused' in spliced) {
    const { code, message, fix, errors = [] } = spliced.refused;
    throw new MaestroError(code, message, { fix, errors, details: { component, version: content.from, active_version: content.base } });
  }
  const files = await filesOf({ base, from, document: spliced.document, component });
  refuseOtherCredentials(base, from, spliced.document, component);
  const read = async (path: string): Promise<Buffer> => {
    const file = files.find((one) => one.path === path);
    if (file === undefined) throw notFound('bundle file', path);
    return loadBlob(db, file.sha256);
  };
  return { ...base, yaml: spliced.yaml, files, read };
}

interface Both { base: LoadedBundle; from: LoadedBundle; /** What comes of it. */ document: DeployDocument; component: string }

async function filesOf({ base, from, document, component }: Both): Promise<LoadedFile[]> {
  const [now, then] = await Promise.all([bundleContents(base), bundleContents(from)]);
  const of = (wanted: boolean) => Object.entries(document.components).flatMap(([id, one]) => ((id === component) === wanted ? [one] : []));
  const others = bundleUses(of(false), now.texts);
  // The sealed file is of all, and no name that is made up means it.
  const sealed = sealedFile(document);
  const paths = new Set([...others.paths, ...sealed]);
  const answer = spliceFiles({ base: base.files, from: from.files.filter(({ path }) => !sealed.includes(path)), uses: bundleUses(of(true), then.texts), others: { ...others, paths } });
  if ('files' in answer) return answer.files;
  const [named, why] = 'shared' in answer ? [answer.shared, 'other components use, too'] : [answer.clashes, 'would be a file and a folder at once'];
  throw new MaestroError('conflict', `${component} cannot be taken back alone: v${from.version} has ${named.slice(0, namedMax).join(', ')}${named.length > namedMax ? ' …' : ''} in another form, which ${why}`, {
    fix: wholeDeploy, details: { component, files: named.slice(0, detailsMax) },
  });
}

const namedMax = 3;
const detailsMax = 50;
const wholeDeploy = 'Roll back the whole deploy, or submit a new version with the component as it should be.';

function sealedFile({ credentials_ref: reference }: DeployDocument): string[] {
  const place = secretsPlace(reference);
  return place?.kind === 'bundle' ? [place.path] : [];
}

/** Secrets in a file of the bundle are of all components: those of two versions cannot be had at once. */
function refuseOtherCredentials(base: LoadedBundle, from: LoadedBundle, document: DeployDocument, component: string): void {
  const section = document.components[component];
  if (section === undefined || secretsNamed(JSON.stringify(withBracedCredential(section))).length === 0) return;
  const [now, then] = [base, from].map(({ yaml, deploy_name: name, version, files }) => {
    const one = storedDocument(yaml, `${name}/v${version}`);
    return [one.credentials_ref, ...sealedFile(one).map((path) => files.find((file) => file.path === path)?.sha256)].join(' ');
  });
  if (now === then) return;
  throw new MaestroError('conflict', `${component} cannot be taken back alone: it uses secrets, and v${from.version} has them from another place or file (credentials_ref)`, { fix: wholeDeploy, details: { component } });
}
