/**
 * How git gets a login: for one run, by a file without a name that its own helper (or ssh) reads. git asks its helpers by
 * scheme, host and port, so that no other place than the repository's own is given it: not one that we are sent to, either.
 */
import type { SourceLogin } from './logins.js';
import { withSecretFile } from './secret-file.js';

export interface GitAccess { /** As of `git -c`. */ settings: string[]; /** Behind the ssh command. */ ssh: string }

const none: GitAccess = { settings: [], ssh: '' };

export async function withGitLogin<T>(repo: string, given: SourceLogin | null, use: (access: GitAccess) => Promise<T>): Promise<T> {
  if (given === null) return use(none);
  const { login } = given;
  if (login.kind === 'key') return withSecretFile(login.key, (path) => use({ settings: [], ssh: ` ${onlyThis} -i ${path}` }));
  if (login.kind !== 'password') throw new Error('a token of a registry is none of a repository');
  const base = baseOf(repo);
  const line = base.replace('://', `://${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@`);
  return withSecretFile(`${line}\n`, (path) => use({ settings: [`credential.${base}.helper=${helper(path)}`, ...settings], ssh: '' }));
}

/** No other key is tried, and no connection is shared with anybody. */
const onlyThis = '-oIdentitiesOnly=yes -oIdentityAgent=none -oControlMaster=no -oControlPath=none';

/** Beyond its first answer a server leads nowhere: what git has by then, it would send there. Nor do its alternates. */
const settings = ['credential.useHttpPath=false', 'http.followRedirects=initial'];

/** As it is written: git compares letter by letter. */
const baseOf = (repo: string): string => /^https:\/\/[^/]+/.exec(repo)?.[0] ?? '';

/** It only answers: what was taken or refused is not to be written down. Of a document there is nothing in it. */
const helper = (path: string): string => `!f() { test "$1" = get && exec git credential-store --file=${path} get; }; f`;
