/**
 * Runs a program together with all that it starts: in a process group of its own, which is ended as a whole when the
 * program ends, takes too long, or is not wanted any more. argv array, no terminal, no stdin, output line by line.
 */
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

export interface GroupOptions {
  cwd: string;
  /** All of it: nothing is taken over from the worker, whose own environment holds its token. */
  env: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
  user?: { uid: number; gid: number };
  onLine(stream: 'stdout' | 'stderr', line: string): void;
  /** Takes stdout as it comes, for a program that answers in something else than lines. */
  onOutput?: (chunk: Buffer) => void;
}

export type GroupEnd = { ended: 'exited'; exit_code: number } | { ended: 'killed'; by: NodeJS.Signals } | { ended: 'timeout' };

/** What was written before the end is read to its end, unless somebody outside of the group holds the pipe open. */
const drainMs = 500;
const longestLine = 64 * 1024;

/** Rejects when the program cannot be started, or with the signal's reason. */
export function runInGroup(file: string, argv: readonly string[], options: GroupOptions): Promise<GroupEnd> {
  const { cwd, env, timeoutMs, signal, user, onLine, onOutput } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(reasonOf(signal));
    const child = spawn(file, argv, { cwd, env: env as NodeJS.ProcessEnv, ...user, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let timedOut = false;
    const end = (): void => killGroup(child.pid);
    const timer = setTimeout(() => { timedOut = true; end(); }, timeoutMs);
    signal.addEventListener('abort', end, { once: true });
    const streams = onOutput === undefined ? ['stdout', 'stderr'] as const : ['stderr'] as const;
    if (onOutput !== undefined) child.stdout.on('data', onOutput);
    const lines = streams.map((name) => eachLine(child[name], (line) => onLine(name, line)));
    child.once('error', (error) => { settle(); reject(error); });
    child.once('exit', (code, by) => {
      settle();
      end();
      const drained = setTimeout(close, drainMs);
      child.once('close', close);
      function close(): void {
        clearTimeout(drained);
        child.off('close', close);
        child.stdout.destroy();
        for (const rest of lines) rest();
        if (signal.aborted) reject(reasonOf(signal));
        else resolve(timedOut ? { ended: 'timeout' } : by !== null ? { ended: 'killed', by } : { ended: 'exited', exit_code: code ?? -1 });
      }
    });
    function settle(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  });
}

const reasonOf = (signal: AbortSignal): Error => (signal.reason instanceof Error ? signal.reason : new Error('cancelled'));

/**
 * Carriage returns of progress bars end a line, too. Of a line that is too long the rest is left out: told in parts, it could show
 * what is looked for in whole. Answers with what tells the rest and lets go of the stream.
 */
export function eachLine(stream: NodeJS.ReadableStream & { destroy(): unknown }, tell: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + decoder.write(chunk)).split(/\r\n|\n|\r/);
    rest = (parts.pop() ?? '').slice(0, longestLine);
    parts.forEach((line) => tell(line.slice(0, longestLine)));
  });
  return () => {
    stream.destroy();
    if (rest + decoder.end() !== '') tell(rest);
    rest = '';
  };
}

export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself a moment ago.
  }
}
