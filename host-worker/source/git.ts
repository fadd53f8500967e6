/**
 * git with nothing of its surroundings: no configuration of the host or of a repository's owner, no hooks, no helpers, no
 * prompts, no other transport than the one of the address. It runs with the rights of the worker, whose ssh keys it uses.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GitSource } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { originOfRepo } from '../../spec/secrets/origin.js';
import { type GitAccess, withGitLogin } from '../credentials/git-login.js';
import { refusedFix, type SourceLogin } from '../credentials/logins.js';
import { runInGroup } from '../run-group.js';
import { isMissing } from '../trouble.js';
import { networkEnvironment, plainPath } from './environment.js';

export interface GitContext { signal: AbortSignal; tell: (line: string) => void; timeoutMs: number; /** Default: 3. */ tries?: number; /** For the repository; left out: none. */ login?: SourceLogin | null }

const settings = [
  'protocol.version=2', 'protocol.ext.allow=never', 'core.hooksPath=/dev/null', 'core.fsmonitor=false', 'core.symlinks=true', 'core.autocrlf=false', 'core.attributesFile=/dev/null', 'core.excludesFile=/dev/null',
  'credential.helper=', 'core.askPass=', 'submodule.recurse=false', 'fetch.recurseSubmodules=false', 'gc.auto=0', 'fetch.unpackLimit=1', 'maintenance.auto=false', 'http.lowSpeedLimit=1000', 'http.lowSpeedTime=60',
];

/** Only known hosts, and no question that nobody would answer. A constant: nothing of a document is in it. */
const sshCommand = 'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=15 -oForwardAgent=no -oForwardX11=no -oPermitLocalCommand=no';

/** `ssh`: what is added to its command. */
export function gitEnvironment(repo: string, worker: NodeJS.ProcessEnv, ssh = ''): Record<string, string> {
  return {
    ...networkEnvironment(worker), PATH: plainPath, HOME: '/nonexistent', LC_ALL: 'C', TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_ATTR_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', SSH_ASKPASS: '',
    GIT_ALLOW_PROTOCOL: schemeOf(repo), GIT_SSH_COMMAND: sshCommand + ssh, GIT_SSH_VARIANT: 'ssh', GIT_PROTOCOL_FROM_USER: '0', GIT_LFS_SKIP_SMUDGE: '1',
  };
}

const schemeOf = (repo: string): string => /^(https|ssh|file):\/\//.exec(repo)?.[1] ?? 'ssh';

const maxOutputBytes = 64 * 1024 * 1024;
const tailLines = 20;
const retryDelayMs = 1_000;

/** What git prints. `doing` is for people. Trouble of the network is tried again. */
export async function git(source: Pick<GitSource, 'repo'>, doing: string, cwd: string, argv: readonly string[], context: GitContext): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await withGitLogin(source.repo, context.login ?? null, (access) => run(source, cwd, argv, context, access));
    if (result.ended === 'well') return result.stdout;
    if (attempt >= (context.tries ?? 3) || !isPassingTrouble(result.said)) throw failed(source, doing, result.said, context.login ?? null);
    context.tell(`${doing} failed (${lastOf(result.said)}), trying again`);
    await sleep(retryDelayMs * attempt, undefined, { signal: context.signal });
  }
}

type Result = { ended: 'well'; stdout: string } | { ended: 'badly'; said: string };

async function run({ repo }: Pick<GitSource, 'repo'>, cwd: string, argv: readonly string[], { signal, tell, timeoutMs, login }: GitContext, access: GitAccess): Promise<Result> {
  const out: Buffer[] = [];
  const said: string[] = [];
  let bytes = 0;
  const onOutput = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= maxOutputBytes) out.push(chunk);
  };
  const onLine = (_: string, line: string): void => {
    const clean = withoutCredentials(login?.redact(line) ?? line);
    said.push(clean);
    if (said.length > tailLines) said.shift();
    if (!clean.startsWith('fatal:') && !empty.test(clean)) tell(clean);
  };
  const options = { cwd, env: gitEnvironment(repo, process.env, access.ssh), timeoutMs, signal, onLine, onOutput };
  const end = await runInGroup('git', [...[...settings, ...access.settings].flatMap((setting) => ['-c', setting]), ...argv], options).catch((error: unknown) => { throw isMissing(error) ? noGit() : error; });
  if (bytes > maxOutputBytes) return { ended: 'badly', said: `fatal: git printed more than ${String(maxOutputBytes)} bytes` };
  if (end.ended === 'exited' && end.exit_code === 0) return { ended: 'well', stdout: Buffer.concat(out).toString('utf8') };
  const how = end.ended === 'timeout' ? `fatal: not done after ${String(timeoutMs / 1000)} s` : end.ended === 'killed' ? `fatal: git was ended by ${end.by}` : '';
  return { ended: 'badly', said: [...said, how].filter((line) => line !== '').join('\n') };
}

/** Addresses with credentials are refused, but a server may send us to one. */
const withoutCredentials = (line: string): string => line.replace(/\/\/[^/@\s]+@/g, '//***@');

const passing = /could not resolve host|connection (timed out|refused|reset|closed)|unexpected disconnect|early eof|rpc failed|http (code )?5\d\d|returned error: 5\d\d|the remote end hung up|non-properly terminated|ssl_error_syscall|unexpected eof|(recv|send) (error|failure)|transfer closed|empty reply from server/i;

/** Whether what git said is about the way to the server, and may be otherwise a moment later. */
export const isPassingTrouble = (said: string): boolean => passing.test(said);

/** What git adds to every failure of a transport, and what says nothing of it. */
const empty = /^$|^fatal: could not read from remote repository|^please make sure you have the correct access|^and the repository exists/i;

const lastOf = (said: string): string => said.split('\n').findLast((line) => !empty.test(line))?.replace(/^(fatal|error): /, '') ?? 'git said nothing';

const noGit = (): MaestroError => new MaestroError('dependency_missing', 'git is not installed on this host', { fix: 'Install git on the host (for example: sudo apt-get install git).', details: { missing_dependency: 'git' } });

/** In words of git and ssh. */
const refusal = /permission denied|authentication failed|could not read (username|password)|returned error: 40[13]|invalid credentials|load key/i;

/** What went wrong in words of git, and what is to be done about the frequent ones. */
const fixes: readonly [RegExp, string][] = [
  [/no space left/i, 'Free space on the file system of /opt/maestro on the host and retry.'],
  [/dubious ownership/, 'Give the repository to root on the host (chown -R root), or serve it over ssh or https.'],
  [/host key verification failed/i, 'Add the host key of the server to /root/.ssh/known_hosts on the host.'],
  [refusal, 'Give the host access to the repository: name a login in source.credentials_ref, or give root a deploy key over ssh.'],
  [/repository .*not found|does not appear to be a git repository|does not exist/i, 'Correct source.repo, or name a login that may read it in source.credentials_ref.'],
];

function failed({ repo }: Pick<GitSource, 'repo'>, doing: string, said: string, login: SourceLogin | null): MaestroError {
  if (login !== null && refusal.test(said)) return notTaken(repo, doing, said, login);
  const fix = fixes.find(([pattern]) => pattern.test(said))?.[1] ?? 'Check on the host that the repository can be reached, and retry.';
  return new MaestroError('fetch_failed', `${doing} ${repo} failed: ${lastOf(said)}`, { fix, details: { repo, output_tail: said } });
}

/** Whoever we were sent to is given nothing, and asks for a login of its own. */
function notTaken(repo: string, doing: string, said: string, { owner: { component, host }, origin }: SourceLogin): MaestroError {
  const [, asking = ''] = /could not read (?:username|password) for '([^']*)'/i.exec(said) ?? [];
  const elsewhere = asking !== '' && originOfRepo(`${asking}/`)?.name !== origin.name;
  const message = elsewhere ? `${repo} leads to ${asking}, which is not given the login for ${origin.name}` : `${origin.name} did not take the login of ${component} on ${host} for ${repo}`;
  return new MaestroError('auth_error', `${message} (${doing}): ${lastOf(said)}`, {
    fix: elsewhere ? 'Write the address that it leads to into source.repo, when it is to have the login.' : refusedFix, details: { repo, component, host, output_tail: said },
  });
}
