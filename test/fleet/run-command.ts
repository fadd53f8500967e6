import { execFile } from 'node:child_process';

export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface CommandOptions {
  timeoutMs: number;
  /** Written to the command's standard input. */
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
}

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs a command to its end. A non-zero exit is a result; a missing program, a timeout or a signal is an error. */
export function runCommand(file: string, argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const commandLine = [file, ...argv].join(' ').slice(0, 300);
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      argv,
      { timeout: options.timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX, env: options.env ?? process.env },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ stdout, stderr, exitCode: 0 });
        if (typeof error.code === 'number') return resolve({ stdout, stderr, exitCode: error.code });
        const cause = error.killed === true ? `not done after ${String(options.timeoutMs)} ms` : error.message.slice(0, 300);
        reject(new Error(`${commandLine}: ${cause}\n${stderr.slice(-2000)}`, { cause: error }));
      },
    );
    // A command that ends without reading its input is judged by its exit code, not by the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Like `runCommand`, for commands that have to succeed: the error shows what the command said. */
export async function runCommandOrThrow(file: string, argv: readonly string[], options: CommandOptions): Promise<string> {
  const result = await runCommand(file, argv, options);
  if (result.exitCode !== 0) {
    const said = `${result.stdout.slice(-2000)}\n${result.stderr.slice(-2000)}`.trim();
    throw new Error(`${[file, ...argv].join(' ').slice(0, 300)}: exit ${String(result.exitCode)}\n${said}`);
  }
  return result.stdout;
}
