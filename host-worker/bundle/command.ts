/** `maestro-host`: the program that changes the host worker of this host. The worker itself is another one (main.ts). */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { MaestroError } from '../../spec/errors.js';
import { faultsFrom } from '../faults.js';
import { messageOf } from '../trouble.js';
import { workerVersion } from '../version.js';
import { alone, type BundleContext } from './context.js';
import { enroll } from './enrollment.js';
import { install } from './install.js';
import { layoutAt, workerUnit } from './layout.js';
import { verifyFolder } from './release.js';
import { systemctl, unitIsThere } from './service.js';
import { settle } from './settle.js';
import { status } from './status.js';
import { uninstall } from './uninstall.js';
import { upgrade } from './upgrade.js';

type Values = Record<string, string | boolean | undefined>;

interface Command {
  usage: string;
  options: NonNullable<ParseArgsConfig['options']>;
  run(context: BundleContext, values: Values, token: string | undefined): Promise<void>;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const textOf = (value: string | boolean | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

function required(values: Values, name: string): string {
  const value = textOf(values[name]);
  if (value !== undefined) return value;
  throw new MaestroError('config_error', `--${name} is missing`, { fix: 'Run maestro-host without a command to see its options.' });
}

function seconds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const found = /^([1-9]\d{0,2})s?$/.exec(value);
  if (found === null) throw new MaestroError('config_error', `--patience ${value} is not a time`, { fix: 'Use seconds, 1 to 999, such as 60s.' });
  return Number(found[1]) * 1000;
}

const commands: Record<string, Command> = {
  install: {
    usage: 'install --release FILE --key HEX --url URL [--gateway URL] [--ca-digest D] [--name ID]   (run by the install script; token in MAESTRO_ENROLL_TOKEN)',
    options: { release: text, key: text, url: text, gateway: text, 'ca-digest': text, name: text },
    run: (context, values, token) => install(context, {
      release: required(values, 'release'), key: required(values, 'key'), url: required(values, 'url'),
      gateway: textOf(values['gateway']), caDigest: textOf(values['ca-digest']), name: textOf(values['name']), token,
    }),
  },
  upgrade: {
    usage: 'upgrade [--url URL] [--patience 60s]   change to the newest version; the old one comes back by itself when the new one is not ready in time',
    options: { url: text, patience: text },
    run: (context, values) => upgrade(context, { url: textOf(values['url']), patienceMs: seconds(textOf(values['patience'])) }),
  },
  uninstall: {
    usage: 'uninstall [--purge]   take the host worker off; what it manages keeps running. --purge: identity and journal, too',
    options: { purge: flag },
    run: (context, values) => uninstall(context, { purge: values['purge'] === true }),
  },
  status: { usage: 'status   what is installed, whether it is ready, and how the last change ended', options: {}, run: (context) => status(context) },
  verify: {
    usage: 'verify   check every file of this version against its manifest',
    options: {},
    run: async ({ folder, say }) => {
      const { version, build, files } = await verifyFolder(folder);
      say(`${version} (${build}): all ${String(files.length)} files are as they were built`);
    },
  },
  enroll: {
    usage: 'enroll --gateway URL --ca-digest D [--name ID]   enroll this host anew (token in MAESTRO_ENROLL_TOKEN)',
    options: { gateway: text, 'ca-digest': text, name: text },
    run: async (context, values, token) => {
      const { layout, say } = context;
      await alone(context, async () => say(await enroll(layout, { gateway: textOf(values['gateway']), caDigest: textOf(values['ca-digest']), name: textOf(values['name']), token })));
      if (unitIsThere(layout)) await systemctl(['try-restart', workerUnit]);
    },
  },
  settle: { usage: 'settle   (run by maestro-host-upgrade.service)', options: {}, run: settle },
};

const usage = (): string => ['usage: maestro-host COMMAND', ...Object.values(commands).map((command) => `  ${command.usage}`)].join('\n');

function parsed(command: Command, argv: string[]): Values {
  try {
    return parseArgs({ args: argv, options: command.options, strict: true, allowPositionals: false }).values as Values;
  } catch (error) {
    throw new MaestroError('config_error', messageOf(error), { fix: `Use: maestro-host ${command.usage}` });
  }
}

async function main([name = '', ...argv]: string[]): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  // Not for the programs that are started from here.
  const token = process.env['MAESTRO_ENROLL_TOKEN'];
  delete process.env['MAESTRO_ENROLL_TOKEN'];
  if (name === '--version') return say(workerVersion);
  if (name === '' || name === '--help' || name === 'help') return say(usage());
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new MaestroError('config_error', `there is no command ${name}`, { fix: usage() });
  const values = parsed(command, argv);
  if (process.getuid?.() !== 0) throw new MaestroError('permission_denied', 'maestro-host has to be run as root', { fix: 'Use sudo.' });
  const folder = dirname(realpathSync(process.argv[1] ?? ''));
  await command.run({ layout: layoutAt(), folder, say, fault: faultsFrom(process.env) }, values, token);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`maestro-host: ${messageOf(error)}\n${error instanceof MaestroError && error.fix !== '' ? `  fix: ${error.fix}\n` : ''}`);
  process.exitCode = 1;
});
