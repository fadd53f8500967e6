/** The control plane's configuration, from the environment. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { MaestroError } from '../spec/errors.js';

const port = z.coerce.number({ error: 'must be a port' }).int().min(1, { error: 'must be a port, 1 to 65535' }).max(65_535, { error: 'must be a port, 1 to 65535' });
const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, { error: 'must be host:port' });
const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).transform((url) => url.replace(/\/+$/, ''));
const names = z.string().transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))
  .pipe(z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be names of environment variables, separated by commas' })));

const hostNames = z.string().transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))
  .pipe(z.array(z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, { error: 'must be names or addresses, separated by commas' })));

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: ({ input }) => (input === undefined ? 'is not set' : 'must be a postgresql:// URL') }),
  MAESTRO_DATA: z.string().default('.maestro').transform((path) => resolve(path)),
  MAESTRO_DOWNLOADS: z.string().default('dist/download').transform((path) => resolve(path)),
  MAESTRO_HOST: z.string().default('127.0.0.1'),
  MAESTRO_PORT: port.default(8080),
  MAESTRO_PUBLIC_URL: webUrl.optional(),
  MAESTRO_GATEWAY_HOST: z.string().optional(),
  MAESTRO_GATEWAY_PORT: port.default(8443),
  MAESTRO_GATEWAY_URL: z.url({ protocol: /^https$/, error: 'must be an https URL' }).transform((url) => url.replace(/\/+$/, '')).optional(),
  MAESTRO_GATEWAY_NAMES: hostNames.default([]),
  MAESTRO_HOST_CERTIFICATE_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).int().min(60).max(24 * 3600).default(24 * 3600),
  MAESTRO_TEMPORAL_ADDRESS: address.default('127.0.0.1:7233'),
  MAESTRO_TEMPORAL_NAMESPACE: z.string().default('default'),
  MAESTRO_TEMPORAL_UI_URL: webUrl.optional(),
  MAESTRO_TEMPLATE_ENV: names.default([]),
  MAESTRO_VAULT_PASSPHRASE: z.string().min(12, { error: 'must have at least 12 characters' }).optional(),
  MAESTRO_ARTIFACT_MAX_BYTES: z.coerce.number({ error: 'must be a number of bytes' }).int().min(1).default(2 * 1024 ** 3),
  MAESTRO_ARTIFACT_TTL_DAYS: z.coerce.number({ error: 'must be a number of days' }).int().min(1).max(3650).default(30),
  MAESTRO_SETUP_CODE: z.string().regex(/[0-9A-Za-z].{6,126}[0-9A-Za-z]/, { error: 'must have 8 to 128 characters' }).optional(),
  MAESTRO_ALLOWED_HOSTS: z.string().default('').transform((text) => text.split(',').map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
    .pipe(z.array(z.string().regex(/^[a-z0-9.-]+$/, { error: 'must be host names without ports, separated by commas' }))),
  MAESTRO_REQUESTS_PER_MINUTE: z.coerce.number({ error: 'must be a number of requests' }).int().min(60).default(6_000),
  MAESTRO_LOG: z.enum(['debug', 'info', 'warn', 'error'], { error: 'must be debug, info, warn or error' }).default('info'),
});

export interface Config {
  databaseUrl: string;
  /** Absolute. Keys and everything else that is not in the database. */
  dataDir: string;
  /** Absolute. What the build has made for hosts to download. */
  downloads: string;
  host: string;
  port: number;
  /** Where people reach the API: for links, cookies and the Origin check. */
  publicUrl: string;
  /** The hosts' door. `url`: where hosts reach it; `names`: further names that its certificate is for. */
  gateway: { host: string; port: number; url: string; names: string[]; /** How long the certificates of hosts are good. */ hostCertificateMs: number };
  temporal: { address: string; namespace: string; uiUrl: string | null };
  /** Variables of this process that templates may read. */
  templateEnv: string[];
  /** Seals the vault in place of a key file. */
  passphrase: string | undefined;
  artifacts: { maxBytes: number; ttlMs: number };
  /** Of the first administrator, in place of one that is made and printed. */
  setupCode: string | undefined;
  /** Names people use for us besides that of the public URL. */
  allowedHosts: string[];
  requestsPerMinute: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Throws `config_error` that names every variable that is wrong, never its value. An empty variable counts as absent. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw configError(parsed.error);
  const { data } = parsed;
  return {
    databaseUrl: data.DATABASE_URL,
    dataDir: data.MAESTRO_DATA,
    downloads: data.MAESTRO_DOWNLOADS,
    host: data.MAESTRO_HOST,
    port: data.MAESTRO_PORT,
    publicUrl: data.MAESTRO_PUBLIC_URL ?? `http://${data.MAESTRO_HOST}:${data.MAESTRO_PORT}`,
    gateway: gatewayOf(data),
    temporal: { address: data.MAESTRO_TEMPORAL_ADDRESS, namespace: data.MAESTRO_TEMPORAL_NAMESPACE, uiUrl: data.MAESTRO_TEMPORAL_UI_URL ?? null },
    templateEnv: data.MAESTRO_TEMPLATE_ENV,
    passphrase: data.MAESTRO_VAULT_PASSPHRASE,
    artifacts: { maxBytes: data.MAESTRO_ARTIFACT_MAX_BYTES, ttlMs: data.MAESTRO_ARTIFACT_TTL_DAYS * 24 * 3600 * 1000 },
    setupCode: data.MAESTRO_SETUP_CODE,
    allowedHosts: data.MAESTRO_ALLOWED_HOSTS,
    requestsPerMinute: data.MAESTRO_REQUESTS_PER_MINUTE,
    logLevel: data.MAESTRO_LOG,
  };
}

function gatewayOf(data: z.infer<typeof environment>): Config['gateway'] {
  const { MAESTRO_GATEWAY_PORT: gatewayPort } = data;
  const url = data.MAESTRO_GATEWAY_URL ?? `https://${new URL(data.MAESTRO_PUBLIC_URL ?? `http://${data.MAESTRO_HOST}`).hostname}:${gatewayPort}`;
  return { host: data.MAESTRO_GATEWAY_HOST ?? data.MAESTRO_HOST, port: gatewayPort, url, names: data.MAESTRO_GATEWAY_NAMES, hostCertificateMs: data.MAESTRO_HOST_CERTIFICATE_SECONDS * 1000 };
}

function configError(error: z.ZodError): MaestroError {
  const problems = error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
  return new MaestroError('config_error', `The configuration cannot be used: ${problems.join('; ')}.`, { fix: 'Correct these environment variables and start again.', details: { variables: error.issues.map(({ path }) => String(path[0])) } });
}
