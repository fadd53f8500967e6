import { hostname } from 'node:os';
import { join } from 'node:path';
import { StartError } from './errors.js';

export interface Settings {
  readonly dataDir: string;
  readonly host: string;
  /** Temporal has no login of its own, so it listens on loopback whatever the API does. */
  readonly temporalHost: string;
  readonly apiPort: number;
  /** The hosts' door. */
  readonly gatewayPort: number;
  /** Undefined: 7233 when it is free at the first start, else any; remembered from then on. */
  readonly temporalPort: number | undefined;
  readonly temporalUiPort: number;
  /** Set: an own PostgreSQL is used and none is started. */
  readonly databaseUrl: string | undefined;
  /** Set: an own Temporal service is used and none is started. */
  readonly temporalAddress: string | undefined;
  readonly temporalUiUrl: string | undefined;
  readonly node: string;
  readonly hostWorker: boolean;
  readonly debug: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function port(env: Environment, name: string, standard: number): number {
  const text = env[name];
  if (!text) return standard;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new StartError(`"${text}" is not a port`, `set ${name} to a number from 1 to 65535`, name);
}

/** A host name as a node id: lower case letters, digits and dashes, beginning and ending with a letter or digit. */
export function nodeId(name: string): string {
  const clean = name.toLowerCase().replace(/\..*$/, '').replace(/[^a-z0-9-]+/g, '-').slice(0, 63).replace(/^-+|-+$/g, '');
  return clean || 'localhost';
}

function givenNode(env: Environment): string {
  const given = env['MAESTRO_NODE'];
  if (!given) return nodeId(hostname());
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(given)) return given;
  throw new StartError(`"${given}" is not a node id`, 'set MAESTRO_NODE to lower case letters, digits and dashes, 63 at most', 'MAESTRO_NODE');
}

export function readSettings(root: string, env: Environment = process.env): Settings {
  return {
    dataDir: env['MAESTRO_DATA'] || join(root, '.maestro'),
    host: env['MAESTRO_HOST'] || '127.0.0.1',
    temporalHost: '127.0.0.1',
    apiPort: port(env, 'MAESTRO_PORT', 8080),
    gatewayPort: port(env, 'MAESTRO_GATEWAY_PORT', 8443),
    temporalPort: env['MAESTRO_TEMPORAL_PORT'] ? port(env, 'MAESTRO_TEMPORAL_PORT', 0) : undefined,
    temporalUiPort: port(env, 'MAESTRO_TEMPORAL_UI_PORT', 8233),
    databaseUrl: env['DATABASE_URL'] || undefined,
    temporalAddress: env['MAESTRO_TEMPORAL_ADDRESS'] || undefined,
    temporalUiUrl: env['MAESTRO_TEMPORAL_UI_URL'] || undefined,
    node: givenNode(env),
    hostWorker: env['MAESTRO_HOST_WORKER'] !== '0',
    debug: env['MAESTRO_LOG'] === 'debug',
  };
}
