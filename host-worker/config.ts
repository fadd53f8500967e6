/** The worker's settings, from its environment. Who the host is and where its gateway is, it knows from its identity. */
import { z } from 'zod';
import { MaestroError } from '../spec/errors.js';

const environment = z.object({
  MAESTRO_STATE: z.string().regex(/^\/./, 'must be an absolute path').default('/var/lib/maestro'),
  MAESTRO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HostConfig {
  /** Absolute, without a slash at its end. */
  stateFolder: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Throws config_error that names every setting that is wrong; never their values. */
export function readConfig(env: Environment): HostConfig {
  const read = environment.safeParse(env);
  if (!read.success) {
    const wrong = read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new MaestroError('config_error', `the host worker cannot start: ${wrong.join('; ')}`, { fix: 'Set these variables in the environment of the host worker.' });
  }
  const { data } = read;
  return { stateFolder: data.MAESTRO_STATE.replace(/(.)\/+$/, '$1'), logLevel: data.MAESTRO_LOG_LEVEL };
}
