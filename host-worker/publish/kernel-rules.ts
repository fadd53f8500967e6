/** The kernel's packet rules, by iptables' own programs: argv arrays, one transaction at a time. */
import { MaestroError } from '../../spec/errors.js';
import { type ProgramResult, runProgram } from '../run-program.js';
import { messageOf, systemCode } from '../trouble.js';

export interface KernelRules {
  save(): Promise<string>;
  /** What the text does not name stays as it is. */
  restore(text: string): Promise<void>;
}

const timeoutMs = 20_000;
/** Others hold the lock of the rules for moments, as Docker does when a container starts. */
const lockSeconds = '10';

export const iptables: KernelRules = {
  async save() {
    const { stdout } = await run('iptables-save', []);
    return stdout;
  },
  async restore(text) {
    await run('iptables-restore', ['--noflush', '--wait', lockSeconds], text);
  },
};

async function run(program: string, argv: readonly string[], input?: string): Promise<ProgramResult> {
  const result = await runProgram(program, argv, { timeoutMs, ...(input === undefined ? {} : { input }) }).catch((error: unknown) => {
    const missing = systemCode(error) === 'ENOENT' || (error instanceof Error && systemCode(error.cause) === 'ENOENT');
    if (!missing) throw new MaestroError('runtime_error', `${program} could not be run: ${messageOf(error)}`, { fix: 'Check iptables on the host, and retry.', cause: error });
    throw new MaestroError('dependency_missing', 'this host has no iptables, which publishes the ports of components that are deployed without an interruption', {
      fix: 'Install iptables on the host, or use deploy_mode: cold.', details: { missing_dependency: 'iptables' }, cause: error,
    });
  });
  if (result.exit_code === 0) return result;
  throw new MaestroError('runtime_error', `${program} failed: ${result.stderr.trim().split('\n')[0] ?? `exit code ${String(result.exit_code)}`}`, {
    fix: 'The host worker needs root for the rules that publish ports. Check iptables on the host, and retry.', details: { said: result.stderr.trim().slice(-1000) },
  });
}
