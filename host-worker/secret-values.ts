/** Variables whose values came with the contents, for a process that is about to start. */
import type { SecretValue } from '../spec/desired.js';
import { MaestroError } from '../spec/errors.js';

export function secretValues({ secret_env: secret = {} }: { secret_env?: Record<string, SecretValue> }): Record<string, string> {
  return Object.fromEntries(Object.entries(secret).map(([name, { content }]) => {
    if (content === undefined) throw new MaestroError('internal', `the control plane sent no value for the variable ${name}`, { fix: 'Retry; report it when it comes again.' });
    return [name, content];
  }));
}
