/** `enroll --gateway https://host:port --ca-digest sha256:… [--name n]`; the token is in MAESTRO_ENROLL_TOKEN or on stdin, never an argument. */
import { parseArgs } from 'node:util';
import { MaestroError } from '../../spec/errors.js';
import { messageOf } from '../trouble.js';
import { type Environment, readConfig } from '../config.js';
import { enroll, nodeNamed } from './enroll.js';

const usage = 'Run: enroll --gateway https://host:port --ca-digest sha256:<64 hex digits> [--name n], with the token in MAESTRO_ENROLL_TOKEN or on standard input.';
const tokenBytesMax = 1024;
const wrong = (what: string): MaestroError => new MaestroError('validation_error', what, { fix: usage });

interface Arguments { gateway: string; caDigest: string; name: string | undefined }

function readArguments(argv: readonly string[]): Arguments {
  let values: { gateway?: string | undefined; 'ca-digest'?: string | undefined; name?: string | undefined };
  try {
    ({ values } = parseArgs({ args: [...argv], strict: true, options: { gateway: { type: 'string' }, 'ca-digest': { type: 'string' }, name: { type: 'string' } } }));
  } catch (error) {
    throw wrong(messageOf(error));
  }
  const { gateway = '', 'ca-digest': caDigest = '', name } = values;
  if (!URL.canParse(gateway) || new URL(gateway).protocol !== 'https:') throw wrong('--gateway has to be an https URL');
  if (!/^sha256:[0-9a-f]{64}$/.test(caDigest)) throw wrong('--ca-digest has to be sha256: and 64 hex digits');
  return { gateway: new URL(gateway).origin, caDigest, name };
}

async function readToken(env: Environment, input: NodeJS.ReadStream): Promise<string> {
  const given = env['MAESTRO_ENROLL_TOKEN'];
  if (given !== undefined && given !== '') return given.trim();
  if (input.isTTY) throw wrong('there is no token');
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > tokenBytesMax) throw wrong('what is on standard input is no token');
  }
  if (text.trim() === '') throw wrong('there is no token');
  return text.trim();
}

export async function enrollCommand(argv: readonly string[], env: Environment, input: NodeJS.ReadStream): Promise<string> {
  const { gateway, caDigest, name } = readArguments(argv);
  const { stateFolder } = readConfig(env);
  const identity = await enroll({ gateway, caDigest, node: nodeNamed(name), token: await readToken(env, input), stateFolder });
  return `this host is enrolled as ${identity.node} at ${gateway}`;
}
