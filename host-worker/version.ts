import packageJson from '../package.json' with { type: 'json' };

/** The control plane compares it with its own. */
export const workerVersion: string = packageJson.version;
