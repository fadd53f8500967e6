/** Peers of known versions, each installed once into an environment of its own, beside the other things that are kept between runs. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand, runCommandOrThrow } from '../../test/fleet/run-command.js';

const installTimeoutMs = 10 * 60_000;
const askTimeoutMs = 60_000;

/** `says`: what the first line of `program --version` ends with. */
export interface PythonProgram { venv: string; requirement: string; program: string; says: string }

export const pyinfra: PythonProgram = { venv: 'bench-venv', requirement: 'pyinfra==3.10.0', program: 'pyinfra', says: 'v3.10.0' };
/** The package of that name brings the collection for Docker; what it runs on is ansible-core. */
export const ansible: PythonProgram = { venv: 'bench-ansible-venv', requirement: 'ansible==12.3.0', program: 'ansible-playbook', says: '2.19.14]' };

const folder = (venv: string): string => join(process.env['MAESTRO_CACHE'] ?? join(homedir(), '.cache', 'maestro'), venv);

/** Path of the program. */
export async function ensureProgram({ venv, requirement, program, says }: PythonProgram): Promise<string> {
  const bin = join(folder(venv), 'bin');
  const known = await runCommand(join(bin, program), ['--version'], { timeoutMs: askTimeoutMs }).catch(() => undefined);
  if (known?.exitCode === 0 && known.stdout.split('\n', 1)[0]?.trim().endsWith(says) === true) return join(bin, program);
  await runCommandOrThrow('python3', ['-m', 'venv', '--clear', folder(venv)], { timeoutMs: installTimeoutMs });
  await runCommandOrThrow(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', requirement], { timeoutMs: installTimeoutMs });
  return join(bin, program);
}
