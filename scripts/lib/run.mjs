// Running other programs during set-up: argv arrays only, always with a time limit, output kept for the error message.
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What failed, where, and how to mend it: the only kind of error the set-up shows without a stack. */
export class SetupError extends Error {
  constructor(what, fix, where) {
    super([what, where && `Where: ${where}`, fix && `Fix: ${fix}`].filter(Boolean).join('\n  '));
    this.name = 'SetupError';
  }
}

const tailLines = 40;
// Colours are of no use in an error message.
const colours = /\x1b\[[0-9;]*m/g;

function tail(text) {
  const lines = text.replace(colours, '').split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-tailLines).join('\n  ');
}

/** Ends the whole group of a child: builders start helpers of their own. */
function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/**
 * Runs a program and resolves with {code, output}. `timeoutMs` is required. With `inherit` the output is shown as it comes.
 * The child leads its own group so that a time-out ends its helpers too; Ctrl-C is passed on by `passSignals`.
 */
export function execute(file, args, { timeoutMs, cwd = root, env = {}, inherit = false, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: [input === undefined ? 'ignore' : input, inherit ? 'inherit' : 'pipe', inherit ? 'inherit' : 'pipe'],
    });
    let output = '';
    let timedOut = false;
    const keep = (chunk) => {
      output = (output + chunk).slice(-64 * 1024);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const forget = passSignals(child);
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child, 'SIGKILL');
    }, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      forget();
    };
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('close', (code, signal) => {
      done();
      resolve({ code: timedOut ? null : code, signal, timedOut, output });
    });
  });
}

function passSignals(child) {
  const handlers = ['SIGINT', 'SIGTERM'].map((signal) => {
    const handler = () => {
      killGroup(child, signal);
      void wait(3_000, undefined, { ref: false }).then(() => killGroup(child, 'SIGKILL'));
      process.exitCode = signal === 'SIGINT' ? 130 : 143;
    };
    process.once(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return () => handlers.forEach((remove) => remove());
}

/** Like `execute`, but a failure is a SetupError that says what was being done and shows the end of the output. */
export async function run(what, file, args, options) {
  let result;
  try {
    result = await execute(file, args, options);
  } catch (error) {
    throw new SetupError(`${what}: could not start ${file} (${error.code ?? error.message})`, options.fix);
  }
  if (result.code === 0) return result.output;
  const why = result.timedOut ? `took longer than ${Math.round(options.timeoutMs / 1000)} s` : `ended with ${result.signal ?? `code ${result.code}`}`;
  throw new SetupError(`${what}: ${file} ${args.join(' ')} ${why}\n  ${tail(result.output)}`, options.fix);
}
