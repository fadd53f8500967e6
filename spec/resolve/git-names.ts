/**
 * What may stand for a repository, a ref and a folder in it. They become arguments of git, so everything that git would
 * take for an option, another program or a password is refused. The host asks the same questions again.
 */
import { bundlePath } from './paths.js';

export interface Refusal { message: string; fix: string }

const schemes = 'Use an address such as https://example.com/shop.git, ssh://git@example.com/shop.git, git@example.com:shop.git or file:///srv/git/shop.git.';
const host = String.raw`(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::\d{1,5})?`;
const user = String.raw`[A-Za-z0-9_][A-Za-z0-9._-]*`;
const https = new RegExp(String.raw`^https://${host}/[^?#]+$`);
const ssh = new RegExp(String.raw`^ssh://(?:${user}@)?${host}/[^?#]+$`);
/** `git@host:path`; the path must not look like an option to the program on the other side. */
const scp = new RegExp(String.raw`^${user}@${host.replace('(?::\\d{1,5})?', '')}:(?![-:])[^?#]+$`);
const file = /^file:\/\/\/[^?#]+$/;
const longest = 2048;

/** Null when git may be given it. The address itself is not in the message when it may hold a password. */
export function repoRefusal(repo: string): Refusal | null {
  if (/[\p{Cc}\s]/u.test(repo) || repo.length > longest) return { message: 'the address of the repository has a space or a control character in it, or is too long', fix: schemes };
  if (repo.startsWith('-')) return { message: `"${repo}" looks like an option of git, not like a repository`, fix: schemes };
  if (/^[A-Za-z0-9+.-]*::/.test(repo)) return { message: `"${repo}" would make git run another program`, fix: schemes };
  if (hasCredentials(repo)) return { message: 'the address of the repository has credentials in it', fix: 'Take them out of the address: it is shown in plans and logs.' };
  if (/^(http|git|ftps?):\/\//i.test(repo)) return { message: `"${repo}" would be fetched unencrypted, and anybody on the way could change it`, fix: 'Use https:// or ssh://.' };
  const known = [https, ssh, scp].some((pattern) => pattern.test(repo)) || (file.test(repo) && !climbs(repo));
  return known ? null : { message: `"${repo}" is not the address of a repository`, fix: schemes };
}

/** Over ssh a user's name is no secret; over https it may be a token. A query may be one anywhere. */
function hasCredentials(repo: string): boolean {
  const [, scheme = '', authority = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/.exec(repo) ?? [];
  const at = authority.lastIndexOf('@');
  const credentials = at >= 0 && (scheme.toLowerCase() !== 'ssh' || authority.slice(0, at).includes(':'));
  return credentials || /[?#].*=/.test(rest);
}

const climbs = (repo: string): boolean => repo.split('/').includes('..');

const refFix = 'Use the name of a branch or a tag, or the full id of a commit.';
const longestRef = 255;

/** As `git check-ref-format` has it, and short enough for a file name. */
export function refRefusal(ref: string): Refusal | null {
  if (ref.startsWith('-')) return { message: `"${ref}" looks like an option of git, not like a ref`, fix: refFix };
  const legal = ref !== '' && ref !== '@' && ref.length <= longestRef && !/[\p{Cc}\s~^:?*[\\]|\.\.|@\{|\/\/|\.$|^\/|\/$/u.test(ref)
    && ref.split('/').every((part) => !part.startsWith('.') && !part.startsWith('-') && !part.endsWith('.lock'));
  return legal ? null : { message: `"${ref}" is not the name of a branch, a tag or a commit`, fix: refFix };
}

/** A folder below another one, normalised; null for that folder itself; undefined when it may be outside of it. */
export function folderBelow(path: string): string | null | undefined {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '.' && !path.startsWith('/')) return null;
  const normal = bundlePath(trimmed);
  return normal ?? undefined;
}
