/** Names of images as Docker reads them, as far as it matters for what a name was resolved to. */

const digest = /^sha256:[0-9a-f]{64}$/;

/** A digest of a registry, or the id of an image: both are of this form. */
export const isImageDigest = (text: string): boolean => digest.test(text);

/** `name:tag@sha256:…` → `name:tag`; other names as they are. */
export const withoutDigest = (image: string): string => image.replace(/@sha256:[0-9a-f]{64}$/, '');

/** Names an image by its content already: nothing can move. */
export const isFixed = (image: string): boolean => isImageDigest(image) || withoutDigest(image) !== image;

/** `web:1` and `sha256:…` → `web:1@sha256:…`, by which Docker finds this content and people see the tag. */
export const atDigest = (image: string, value: string): string => `${image}@${value}`;

/** The name without tag and digest, as it is written. */
export function nameOf(image: string): string {
  const bare = withoutDigest(image);
  const colon = bare.lastIndexOf(':');
  // A colon before the last slash is one of a port.
  return colon > bare.lastIndexOf('/') ? bare.slice(0, colon) : bare;
}

/** Without a tag it is `latest`. */
export function tagOf(image: string): string {
  const bare = withoutDigest(image);
  return bare.slice(nameOf(image).length + 1) || 'latest';
}

/** In full: `docker.io/library/nginx` for `nginx:1.27`. */
export function repositoryOf(image: string): string {
  const name = nameOf(image);
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const hasRegistry = slash > 0 && (first === 'localhost' || /[.:]/.test(first));
  const registry = hasRegistry && first !== 'index.docker.io' ? first : 'docker.io';
  const path = hasRegistry ? name.slice(slash + 1) : name;
  return `${registry}/${registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path}`;
}

/** The digest under which an image is known in the repository of `image`; null: it did not come from there. */
export function digestAmong(repoDigests: readonly string[], image: string): string | null {
  const repository = repositoryOf(image);
  const found = repoDigests.find((candidate) => isFixed(candidate) && repositoryOf(candidate) === repository);
  return found === undefined ? null : found.slice(found.lastIndexOf('@') + 1);
}

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const registry = String.raw`(?:${label}(?:\.${label})*|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?/`;
const part = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const reference = new RegExp(String.raw`^(?:${registry})?${part}(?:/${part})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);
const longestName = 255;

/** As Docker has it. An image becomes a part of addresses that Docker is asked at: nothing else may stand there. */
export const isImageReference = (image: string): boolean => isImageDigest(image) || (image.length <= 2 * longestName && nameOf(image).length <= longestName && reference.test(image));
