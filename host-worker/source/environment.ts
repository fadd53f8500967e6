/** Environments of programs that are to know nothing of the worker that starts them. */
import type { BuildStep } from '../../spec/desired.js';
import { secretValues } from '../secret-values.js';

export const plainPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How this host gets out to the network; nothing else is taken over. */
const networkNames = ['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'];

export const networkEnvironment = (worker: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(networkNames.flatMap((name) => (worker[name] === undefined ? [] : [[name, worker[name]]])));

/** Everything that a build step sees, in one place. What the step sets itself wins. */
export const buildEnvironment = (step: Pick<BuildStep, 'env' | 'secret_env'>, { home, user, commit }: { home: string; user: string; commit: string }, worker: NodeJS.ProcessEnv): Record<string, string> => ({
  ...networkEnvironment(worker), PATH: plainPath, HOME: home, TMPDIR: `${home}/tmp`, USER: user, LOGNAME: user, SHELL: '/bin/sh', LANG: 'C.UTF-8', MAESTRO_COMMIT: commit, ...step.env, ...secretValues(step),
});
