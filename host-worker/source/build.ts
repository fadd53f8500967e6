/**
 * The build steps of a component: the one declared shell of the product, as an unprivileged user in a draft of its own.
 * What it leaves is root's afterwards and can be read by everybody, like any program on the host.
 */
import { chown, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildStep } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { isInside } from '../files/safe-path.js';
import { type GroupEnd, runInGroup } from '../run-group.js';
import { runProgram } from '../run-program.js';
import { isMissing, messageOf } from '../trouble.js';
import { type BuildUser, buildUserName, endProcessesOf, ensureBuildUser } from './build-user.js';
import { buildEnvironment } from './environment.js';

export interface BuildContext {
  signal: AbortSignal;
  say(stream: 'stdout' | 'info', line: string): void;
  /** Around each step; the crash tests stop there. */
  effect<T>(point: string, work: () => Promise<T>): Promise<T>;
}

interface Scene { files: string; home: string; commit: string; user: BuildUser }

const shell = '/bin/sh';
/** Both streams in one, so that their lines come in the order in which they were written. The command is an argument. */
const wrapper = 'umask 022; exec /bin/sh -c "$1" 2>&1';
const tailLines = 60;
const longestShown = 120;
const changeTimeoutMs = 5 * 60_000;

/** Callers see to it that only one build runs at a time. */
export async function build(steps: readonly BuildStep[], { draft, files, commit }: { draft: string; files: string; commit: string }, context: BuildContext): Promise<void> {
  const user = await ensureBuildUser();
  await endProcessesOf(user);
  const home = join(draft, 'home');
  try {
    await makeHome(home, user);
    await change('chown', ['-hR', `${String(user.uid)}:${String(user.gid)}`, files]);
    for (const [index, step] of steps.entries()) await context.effect('source.build', () => runStep(step, index, steps.length, { files, home, commit, user }, context));
  } finally {
    await endProcessesOf(user);
    await rm(home, { recursive: true, force: true });
  }
  await refuseForeign(files, user);
}

async function makeHome(home: string, { uid, gid }: BuildUser): Promise<void> {
  for (const folder of [home, join(home, 'tmp')]) {
    await mkdir(folder, { mode: 0o700 });
    await chown(folder, uid, gid);
  }
}

async function runStep(step: BuildStep, index: number, count: number, scene: Scene, { signal, say }: BuildContext): Promise<void> {
  const name = `build step ${String(index + 1)} of ${String(count)} (${shown(step.command)})`;
  const cwd = await workingFolder(step, scene.files, name);
  say('info', name);
  const tail: string[] = [];
  const onLine = (_: string, line: string): void => {
    say('stdout', line);
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
  };
  const env = buildEnvironment(step, { home: scene.home, user: buildUserName, commit: scene.commit }, process.env);
  const end = await runInGroup(shell, ['-c', wrapper, 'build', step.command], { cwd, env, timeoutMs: step.timeout_ms, signal, user: scene.user, onLine });
  const why = problemOf(end, step);
  if (why !== null) throw failed(`${name} ${why}`, { step: index + 1, ...(end.ended === 'exited' ? { exit_code: end.exit_code } : {}), output_tail: tail.join('\n') });
}

const shown = (command: string): string => {
  const line = command.trim().replace(/\s+/g, ' ');
  return line.length > longestShown ? `${line.slice(0, longestShown - 1)}…` : line;
};

function problemOf(end: GroupEnd, { timeout_ms }: BuildStep): string | null {
  if (end.ended === 'timeout') return `was not done after ${String(timeout_ms / 1000)} s`;
  if (end.ended === 'killed') return `was ended by ${end.by}`;
  return end.exit_code === 0 ? null : `exited with code ${String(end.exit_code)}`;
}

const failed = (message: string, details: Record<string, unknown>): MaestroError =>
  new MaestroError('build_failed', message, { fix: 'Mend the command, or push a mended commit, and submit a new version; what ran before still runs.', details });

async function workingFolder({ working_dir }: BuildStep, files: string, name: string): Promise<string> {
  if (working_dir === null) return files;
  const folder = await realpath(join(files, working_dir)).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (folder !== null && isInside(folder, await realpath(files)) && (await stat(folder)).isDirectory()) return folder;
  throw failed(`${name}: its working_dir ${working_dir} is not a folder of the source`, { working_dir });
}

/** A hard link to a file of somebody else would be given to root and opened to everybody with the rest. */
async function refuseForeign(files: string, { uid }: BuildUser): Promise<void> {
  const { stdout } = await runProgram('find', [files, '!', '-user', String(uid), '-print', '-quit'], { timeoutMs: changeTimeoutMs });
  if (stdout !== '') throw failed(`the build left something that belongs to another user: ${stdout.trim().slice(files.length + 1)}`, {});
}

/** Everything is root's, without setuid bits, and readable: a release is run by users that did not build it. */
export async function settle(files: string): Promise<void> {
  await change('chown', ['-hR', '0:0', files]);
  await change('chmod', ['-R', 'u=rwX,go=rX,a-st', files]);
  // With all its files on disk before it gets its name, a release is complete after a power cut, or not there.
  await runProgram('sync', ['-f', files], { timeoutMs: changeTimeoutMs }).catch(() => null);
}

async function change(program: 'chown' | 'chmod', argv: readonly string[]): Promise<void> {
  const said = await runProgram(program, argv, { timeoutMs: changeTimeoutMs }).then(({ exit_code, stderr }) => (exit_code === 0 ? null : stderr.trim()), messageOf);
  if (said !== null) throw new MaestroError('runtime_error', `${program} of a release failed: ${said}`, { fix: 'Look at the file system of the host (read-only, full) and retry.' });
}
