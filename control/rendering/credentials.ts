/** Where the references of a document lead: the vault, a part of it, or the bundle's own sealed file (language.md §3, credentials_ref). */
import { MaestroError } from '../../spec/errors.js';
import { type SecretsPlace, secretsPlace } from '../../spec/secrets/references.js';
import { noSecrets, type SecretVersions } from './secret-texts.js';

/** Those that a component uses in place of the common ones: one that was taken back alone. */
export type OwnSecrets = ReadonlyMap<string, SecretVersions>;

/** What a document may draw from, whichever it names. */
export interface SecretSources { vault: SecretVersions; own?: OwnSecrets; openFile(text: string): Promise<ReadonlyMap<string, string>> }

export const noSources: SecretSources = {
  vault: noSecrets,
  openFile: () => Promise.reject(new MaestroError('config_error', 'sealed files cannot be opened here', { fix: 'Ask the control plane.' })),
};

/** `wrong`: why it is not known what there is; nothing is missing then. */
export interface Credentials { place: SecretsPlace; secrets: SecretVersions; own?: OwnSecrets | undefined; wrong: { message: string; fix: string } | null }

export const secretsFor = ({ secrets, own }: Pick<Credentials, 'secrets' | 'own'>, component: string): SecretVersions => own?.get(component) ?? secrets;

/** A file is part of the version, so that what is in it never changes: it has one version. */
const fileVersion = 1;

export async function credentialsOf(reference: string | undefined, texts: Readonly<Record<string, string>>, sources: SecretSources): Promise<Credentials> {
  const place = secretsPlace(reference);
  const none = (message: string, fix: string): Credentials => ({ place: { kind: 'vault', prefix: '' }, secrets: noSecrets, wrong: { message, fix } });
  if (place === null) return none(`"${reference ?? ''}" is neither a file of the bundle nor a part of the vault`, 'Write ./credentials.yaml for a sealed file of the bundle, or vault://team for a part of the vault.');
  if (place.kind === 'vault') return { place, secrets: sources.vault, own: sources.own, wrong: null };
  const text = texts[place.path];
  if (text === undefined) return none(`the bundle has no file "${place.path}"`, 'Add the sealed file to the bundle, next to the YAML, or correct the path.');
  try {
    const opened = await sources.openFile(text);
    return { place, secrets: new Map([...opened].map(([path, value]) => [place.prefix + path, { version: fileVersion, value }])), wrong: null };
  } catch (error) {
    if (error instanceof MaestroError) return none(error.message, error.fix);
    throw error;
  }
}
