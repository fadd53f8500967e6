/** A pyinfra of a known version, installed once beside the other things that are kept between runs. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand, runCommandOrThrow } from '../../test/fleet/run-command.js';

export const pyinfraVersion = '3.10.0';
const installTimeoutMs = 10 * 60_000;
const askTimeoutMs = 60_000;

const folder = (): string => join(process.env['MAESTRO_CACHE'] ?? join(homedir(), '.cache', 'maestro'), 'bench-venv');

/** Path of the program. */
export async function ensurePyinfra(): Promise<string> {
  const venv = folder();
  const program = join(venv, 'bin', 'pyinfra');
  const known = await runCommand(program, ['--version'], { timeoutMs: askTimeoutMs }).catch(() => undefined);
  if (known?.exitCode === 0 && known.stdout.trim().endsWith(`v${pyinfraVersion}`)) return program;
  await runCommandOrThrow('python3', ['-m', 'venv', '--clear', venv], { timeoutMs: installTimeoutMs });
  await runCommandOrThrow(join(venv, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', `pyinfra==${pyinfraVersion}`], { timeoutMs: installTimeoutMs });
  return program;
}
