/** Arguments and environment as one checked request; pure. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { wrongUsage } from './failure.js';

type Options = NonNullable<ParseArgsConfig['options']>;
export type Environment = Readonly<Record<string, string | undefined>>;

const common = { url: { type: 'string' }, 'key-file': { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const satisfies Options;
const ofEnroll = { uses: { type: 'string' }, ttl: { type: 'string' }, replace: { type: 'boolean' }, 'no-wait': { type: 'boolean' }, watch: { type: 'string' } } as const satisfies Options;

export interface Where { url: string; keyFile: string | undefined; key: string | undefined; json: boolean }
export type Request =
  | { verb: 'help'; of: 'all' | 'enroll' | 'nodes' }
  | { verb: 'nodes'; where: Where }
  | { verb: 'enroll'; where: Where; wait: boolean; watch: string | undefined; host: string; uses: number; ttl_seconds: number; replace: boolean };

const defaultUrl = 'http://127.0.0.1:8080';
const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `30m`, `2h`, `1d`; a number alone is seconds. */
export function seconds(given: string): number {
  const [, number, unit = 's'] = /^(\d{1,6})([smhd]?)$/.exec(given) ?? [];
  if (number === undefined) throw wrongUsage(`--ttl ${given} is not a time`, 'Give one such as 90s, 30m, 2h or 1d.');
  return Number(number) * (units[unit === '' ? 's' : unit] ?? 1);
}

function whole(name: string, given: string): number {
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw wrongUsage(`--${name} ${given} is not a whole number`, 'Give one from 1 on.');
}

function urlOf(given: string): string {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given.replace(/\/+$/, '');
  throw wrongUsage(`${given} is not the address of a control plane`, 'Give one such as https://maestro.example in --url or MAESTRO_URL.');
}

function parsed(args: readonly string[], options: Options): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongUsage(error instanceof Error ? error.message.split('. ')[0] ?? '' : String(error), 'See maestro --help.');
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const whereOf = (values: Record<string, unknown>, env: Environment): Where =>
  ({ url: urlOf(textOf(values['url']) ?? textOf(env['MAESTRO_URL']) ?? defaultUrl), keyFile: textOf(values['key-file']), key: textOf(env['MAESTRO_KEY']), json: values['json'] === true });

function enrollRequest(args: readonly string[], env: Environment): Request {
  const { values, positionals } = parsed(args, { ...common, ...ofEnroll });
  if (values['help'] === true) return { verb: 'help', of: 'enroll' };
  const [host = '*', ...others] = positionals;
  if (others.length > 0) throw wrongUsage(`One name at a time, not ${positionals.join(' ')}`, "Use a pattern such as 'web-*' with --uses for many hosts.");
  const watch = textOf(values['watch']);
  if (watch !== undefined && !/^enr_[A-Za-z0-9_-]{16,64}$/.test(watch)) throw wrongUsage(`${watch} is not the id of an enrollment`, 'Give one of the form enr_…');
  return {
    verb: 'enroll', where: whereOf(values, env), wait: values['no-wait'] !== true, watch, host,
    uses: whole('uses', textOf(values['uses']) ?? '1'), ttl_seconds: seconds(textOf(values['ttl']) ?? '30m'), replace: values['replace'] === true,
  };
}

function nodesRequest(args: readonly string[], env: Environment): Request {
  const { values, positionals } = parsed(args, common);
  if (values['help'] === true) return { verb: 'help', of: 'nodes' };
  if (positionals.length > 0) throw wrongUsage(`maestro nodes takes no ${positionals.join(' ')}`, 'See maestro nodes --help.');
  return { verb: 'nodes', where: whereOf(values, env) };
}

const verbs: Record<string, (args: readonly string[], env: Environment) => Request> = { enroll: enrollRequest, nodes: nodesRequest };

/** Throws validation_error for what cannot be meant. */
export function readRequest(argv: readonly string[], env: Environment): Request {
  const [verb, ...args] = argv;
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') return { verb: 'help', of: 'all' };
  const read = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (read === undefined) throw wrongUsage(`There is no command "${verb}"`, `Use one of: ${Object.keys(verbs).join(', ')}.`);
  return read(args, env);
}
