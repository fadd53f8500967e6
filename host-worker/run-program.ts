/** Runs a program to its end: argv array, no shell, a timeout, bounded output. */
import { execFile } from 'node:child_process';

export interface ProgramResult { exit_code: number; stdout: string; stderr: string }
export interface ProgramOptions { timeoutMs: number; signal?: AbortSignal; maxBytes?: number; /** For its standard input. */ input?: string }

const defaultMaxBytes = 4 * 1024 * 1024;

/** A non-zero exit is a result. A missing program, a timeout or an abort is an error. */
export function runProgram(file: string, argv: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const settings = {
      timeout: options.timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: options.maxBytes ?? defaultMaxBytes, signal: options.signal,
      // What we parse is in English and UTC, whatever the host is set to.
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    };
    const child = execFile(file, argv, settings, (error, stdout, stderr) => {
      if (error === null) return resolve({ exit_code: 0, stdout, stderr });
      if (typeof error.code === 'number') return resolve({ exit_code: error.code, stdout, stderr });
      const cause = error.killed === true && options.signal?.aborted !== true ? `not done after ${String(options.timeoutMs)} ms` : error.message;
      reject(new Error(`${file} ${argv[0] ?? ''}: ${cause}`, { cause: error }));
    });
    if (options.input === undefined) return;
    // One that ends without reading is told by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
  });
}
