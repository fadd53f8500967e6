/** Health check commands: the one declared shell. In the container for Docker; for systemd on the host, as the unit's user. */
import { spawn } from 'node:child_process';
import type Dockerode from 'dockerode';
import { call } from '../docker/docker-call.js';
import type { SystemdRun } from '../../spec/desired.js';
import { demultiplex } from '../docker/container-logs.js';
import { groupId, primaryGroupOf, userId } from '../files/owners.js';
import { killGroup } from '../run-group.js';
import { networkEnvironment, plainPath } from '../source/environment.js';
import type { CommandEnd, CommandRunner } from './probe.js';

const shell = '/bin/sh';
const outputBytesMax = 64 * 1024;

export const commandInContainer = (docker: Dockerode, id: string): CommandRunner => async (command, timeoutMs, signal) => {
  const { code, output } = await runInContainer(docker, id, [shell, '-c', command], timeoutMs, signal);
  return verdict(code, output);
};

/** The words of a command as they are, without a shell. */
export async function runInContainer(docker: Dockerode, id: string, words: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<{ code: number; output: string }> {
  const exec = await call('begin a command', () => docker.getContainer(id).exec({ Cmd: [...words], AttachStdout: true, AttachStderr: true }), timeoutMs);
  const stream = await call('run a command', () => exec.start({ hijack: false, stdin: false }), timeoutMs);
  const output = await collected(stream, signal);
  const { ExitCode } = await call('inspect a command', () => exec.inspect(), timeoutMs);
  return { code: ExitCode ?? -1, output: demultiplex(output) };
}

function collected(stream: NodeJS.ReadableStream & { destroy?: () => void }, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const abort = (): void => {
      stream.destroy?.();
      reject(new Error('stopped'));
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= outputBytesMax) chunks.push(chunk);
    });
    stream.on('error', reject);
    stream.on('end', () => {
      signal.removeEventListener('abort', abort);
      resolve(Buffer.concat(chunks));
    });
  });
}

type UnitProcess = Pick<SystemdRun, 'user' | 'group' | 'env'>;

/** With the rights and the variables of the unit and none of the worker's, whose environment holds its token. */
export const commandOnHost = ({ user, group, env }: UnitProcess): CommandRunner => async (command, _timeoutMs, signal) => {
  const own = user === null ? {} : { uid: await userId(user), gid: group === null ? await primaryGroupOf(user) : await groupId(group) };
  const variables: Record<string, string> = { ...networkEnvironment(process.env), PATH: plainPath, HOME: '/nonexistent', LANG: 'C.UTF-8', ...env };
  return runOnHost(command, { ...own, env: variables as NodeJS.ProcessEnv }, signal);
};

/** In a process group of its own, so that a timeout ends what the shell started, too. */
const runOnHost = (command: string, options: { uid?: number; gid?: number; env: NodeJS.ProcessEnv }, signal: AbortSignal): ReturnType<CommandRunner> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('stopped'));
    const child = spawn(shell, ['-c', command], { ...options, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const collect = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= outputBytesMax) chunks.push(chunk);
    };
    const stop = (): void => {
      killGroup(child.pid);
      reject(new Error('stopped'));
    };
    signal.addEventListener('abort', stop, { once: true });
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code, killed) => {
      signal.removeEventListener('abort', stop);
      resolve(killed === null ? verdict(code ?? -1, Buffer.concat(chunks).toString('utf8')) : { ok: false, detail: `command ended by ${killed}` });
    });
  });

const verdict = (code: number, output: string): CommandEnd => ({ ok: code === 0, detail: `command exited with ${String(code)}`, said: output.trim().split('\n').at(-1) ?? '' });
