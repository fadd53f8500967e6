/** What a host is about to write and start with: contents in full, and the values of secrets, for one placement at the moment of use. */
import type { DesiredPlacement, DockerRun, SecretValue } from '../../spec/desired.js';
import type { Reader } from '../database.js';
import { loadBlob } from '../deploys/load-bundle.js';
import { secretsIn, withValues, type SecretVersions } from './secret-texts.js';

export interface ContentSource {
  db: Reader;
  /** Rendered texts by digest, with marks where secrets come to stand. */
  contents: ReadonlyMap<string, string>;
  secrets: SecretVersions;
  /** What else is kept out of what the host tells: see usedValues. */
  former?: ReadonlyMap<string, readonly string[]>;
}

export async function withContents(source: ContentSource, placement: DesiredPlacement): Promise<DesiredPlacement> {
  const content = async (digest: string): Promise<string> => {
    const rendered = source.contents.get(digest);
    return (rendered === undefined ? await loadBlob(source.db, digest) : Buffer.from(withValues(rendered, source.secrets))).toString('base64');
  };
  const files = await Promise.all(placement.files.map(async (file) => ({ ...file, content: await content(file.sha256) })));
  const trees = await Promise.all(placement.trees.map(async (tree) => ({
    ...tree, files: await Promise.all(tree.files.map(async (file) => ({ ...file, content: await content(file.sha256) }))),
  })));
  const redact = valuesIn(source, placement);
  return { ...placement, files, trees, run: placement.run.type === 'docker' ? withValuesIn(source, placement.run) : placement.run, build: placement.build.map((step) => withValuesIn(source, step)), ...(redact.length === 0 ? {} : { redact }) };
}

/** The login for its source alone, with nothing else of its contents. */
export function withCredential({ contents, secrets }: Omit<ContentSource, 'db' | 'former'>, placement: DesiredPlacement): DesiredPlacement {
  const { credential } = placement;
  return credential === undefined ? placement : { ...placement, credential: { ...credential, content: withValues(contents.get(credential.digest) ?? '', secrets) } };
}

type SecretEnvironment = Pick<DockerRun, 'secret_env'>;

function withValuesIn<T extends SecretEnvironment>({ contents, secrets }: ContentSource, of: T): T {
  if (of.secret_env === undefined) return of;
  const filled = Object.entries(of.secret_env).map(([name, { digest }]): [string, SecretValue] => [name, { digest, content: withValues(contents.get(digest) ?? '', secrets) }]);
  return { ...of, secret_env: Object.fromEntries(filled) };
}

/** Of the secrets that a placement uses. */
export function valuesIn({ contents, secrets, former }: Omit<ContentSource, 'db'>, { files, run, build }: DesiredPlacement): string[] {
  const environments: SecretEnvironment[] = run.type === 'docker' ? [run, ...build] : build;
  const digests = [...files.filter(({ keyed }) => keyed === true).map(({ sha256 }) => sha256), ...environments.flatMap(({ secret_env: secret = {} }) => Object.values(secret).map(({ digest }) => digest))];
  const paths = new Set(digests.flatMap((digest) => secretsIn(contents.get(digest) ?? '')));
  return [...new Set([...paths].flatMap((path) => [secrets.get(path)?.value ?? [], former?.get(path) ?? []].flat()))];
}
