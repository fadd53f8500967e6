/** The worker's settings, from its environment. */
import { z } from 'zod';
import { MaestroError } from '../spec/errors.js';

const id = /^[a-z0-9][a-z0-9._-]{0,62}$/;

const environment = z.object({
  MAESTRO_NODE: z.string().regex(id, 'must be the id of this node'),
  MAESTRO_URL: z.url({ protocol: /^https?$/ }),
  MAESTRO_TEMPORAL_ADDRESS: z.string().regex(/^[^\s/]+:\d+$/, 'must be host:port'),
  MAESTRO_TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  MAESTRO_HOST_TOKEN: z.string().min(16, 'must be the token of this node'),
  MAESTRO_INSECURE_TEMPORAL: z.literal('1', 'must be 1: Temporal is reached without TLS as long as there is no gateway'),
  MAESTRO_STATE: z.string().regex(/^\/./, 'must be an absolute path').default('/var/lib/maestro'),
  MAESTRO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HostConfig {
  node: string;
  url: string;
  temporalAddress: string;
  temporalNamespace: string;
  token: string;
  stateFolder: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Throws config_error that names every setting that is wrong; never their values. */
export function readConfig(env: Environment): HostConfig {
  const read = environment.safeParse(env);
  if (!read.success) {
    const wrong = read.error.issues.map(({ path, message }) => `${path.join('.')} ${env[path.join('.')] === undefined ? 'is missing' : message}`);
    throw new MaestroError('config_error', `the host worker cannot start: ${wrong.join('; ')}`, { fix: 'Set these variables in the environment of the host worker.' });
  }
  const { data } = read;
  return {
    node: data.MAESTRO_NODE, url: data.MAESTRO_URL, temporalAddress: data.MAESTRO_TEMPORAL_ADDRESS, temporalNamespace: data.MAESTRO_TEMPORAL_NAMESPACE,
    token: data.MAESTRO_HOST_TOKEN, stateFolder: data.MAESTRO_STATE.replace(/(.)\/+$/, '$1'), logLevel: data.MAESTRO_LOG_LEVEL,
  };
}
