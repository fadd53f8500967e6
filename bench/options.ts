/** The command line. */
import { parseArgs } from 'node:util';

export const tools = ['floor', 'pyinfra', 'ansible', 'maestro'] as const;
export type Tool = (typeof tools)[number];
/** What is measured without other tools beside it. */
export const alone = ['gateway', 'rollout-model', 'rollout-page'] as const;
export type Alone = (typeof alone)[number];
export const profiles = ['noop', 'first', 'config'] as const;
export type Profile = (typeof profiles)[number];

export interface Options { help: boolean; only: Tool[]; alone: Alone[]; profile: Profile | null; sizes: boolean; json: string | null }

export const usage = `usage: npm run bench -- [options]
  (without options)   Maestro, the floor (bare commands), pyinfra and Ansible on the same 20 components on 3 hosts; takes a quarter of an hour
  --only TOOL,...     only these: ${[...tools, ...alone].join(', ')}
  --profile CASE      Maestro only: where the time of a rollout goes (${profiles.join(', ')})
  --sizes             a first deploy and a no-op of 20 placements, 120 placements, and 7 on each of 10 hosts
  --json FILE         write the figures to FILE as well
  --no-setup          measure what is built already
Needs what the fleet needs (test/fleet/README.md), and python3 with venv for pyinfra and Ansible, which are installed on first use.`;

const oneOf = <T extends string>(words: readonly T[], text: string, option: string): T => {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new Error(`${option}: ${text} is none of ${words.join(', ')}\n${usage}`);
  return found;
};

export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { help: { type: 'boolean' }, only: { type: 'string' }, profile: { type: 'string' }, sizes: { type: 'boolean' }, json: { type: 'string' }, 'no-setup': { type: 'boolean' } },
  });
  const named = [...tools, ...alone];
  const only = values.only === undefined ? named : values.only.split(',').map((text) => oneOf(named, text, '--only'));
  return {
    help: values.help ?? false,
    only: tools.filter((tool) => only.includes(tool)),
    alone: alone.filter((name) => only.includes(name)),
    profile: values.profile === undefined ? null : oneOf(profiles, values.profile, '--profile'),
    sizes: values.sizes ?? false,
    json: values.json ?? null,
  };
}
