/** One call of the command line, without a process around it. */
import { MaestroError } from '../spec/errors.js';
import { readRequest, type Environment } from './arguments.js';
import { enroll } from './enroll.js';
import { exitCodeOf, exitCodes, type ExitCode } from './failure.js';
import { jsonLine, printable, type Io } from './io.js';
import { nodes } from './nodes.js';
import { enrollUsage, nodesUsage, usage } from './words.js';

const helps = { all: usage, enroll: enrollUsage, nodes: nodesUsage };

export async function run(argv: readonly string[], env: Environment, io: Io): Promise<ExitCode> {
  try {
    const request = readRequest(argv, env);
    switch (request.verb) {
      case 'help':
        io.out(`${helps[request.of]}\n`);
        return exitCodes.done;
      case 'nodes':
        return await nodes(request.where, io);
      case 'enroll':
        return await enroll(request, io);
    }
  } catch (error) {
    if (!(error instanceof MaestroError)) throw error;
    const { code, message, fix } = error;
    if (argv.includes('--json')) io.out(jsonLine({ event: 'error', code, message, suggested_fix: fix }));
    else io.err(`maestro: ${printable(message)} (${code})\n${fix === '' ? '' : `  fix: ${printable(fix)}\n`}`);
    return exitCodeOf(error);
  }
}
