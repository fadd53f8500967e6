/** Parsing of what the control plane sends: a host acts as root and takes nothing for granted. */
import { z } from 'zod';
import type { ArchiveSource, BuildStep, DesiredFile, DesiredPlacement, DesiredSource, DesiredTest, DesiredTree, DockerRun, Healthcheck, SystemdRun } from '../../spec/desired.js';
import { permissions } from '../../spec/host-policy/permissions.js';
import { isImageReference } from '../../spec/image-reference.js';
import { isPinValue, pinKinds } from '../../spec/pins.js';
import type { Fingerprint } from '../../spec/planned.js';
import { testStages } from '../../spec/test-results.js';

const port = z.number().int().min(0).max(65535);
const env = z.record(z.string(), z.string());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const secretEnv = z.record(z.string(), z.object({ digest: sha256, content: z.string().optional() })).optional();
const mode = z.number().int().min(0).max(0o7777);
const resources = z.object({ memory_bytes: z.number().positive().nullable(), cpus: z.number().positive().nullable() });

const dockerRun: z.ZodType<DockerRun> = z.object({
  type: z.literal('docker'),
  image: z.string().refine(isImageReference),
  pinned: z.string().regex(/^(?:[^\s@]+@)?sha256:[0-9a-f]{64}$/).refine(isImageReference).optional(),
  pull_policy: z.enum(['if_not_present', 'always', 'never']),
  container_name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/),
  ports: z.array(z.object({ ip: z.string(), host_port: port, container_port: port, protocol: z.enum(['tcp', 'udp']) })),
  volumes: z.array(z.object({ kind: z.enum(['bind', 'volume']), source: z.string(), target: z.string(), read_only: z.boolean() })),
  env,
  secret_env: secretEnv,
  networks: z.array(z.string().min(1)),
  restart: z.enum(['no', 'on-failure', 'always', 'unless-stopped']),
  command: z.array(z.string()).nullable(),
  resources,
  reload_command: z.array(z.string()).min(1).optional(),
});

const systemdRun: z.ZodType<SystemdRun> = z.object({
  type: z.literal('systemd'),
  unit_name: z.string(),
  command: z.string(),
  working_directory: z.string().nullable(),
  user: z.string().nullable(),
  group: z.string().nullable(),
  env,
  environment_file: z.string().optional(),
  restart: z.enum(['no', 'on-failure', 'always']),
  restart_sec: z.number().min(0),
  resources,
  reload_command: z.string().optional(),
  slots: z.object({ port: port.min(1) }).optional(),
  unit_text: z.string(),
});

const timing = { interval_ms: z.number().positive(), timeout_ms: z.number().positive(), start_period_ms: z.number().min(0), retries: z.number().int().min(1) };
const healthcheck: z.ZodType<Healthcheck> = z.discriminatedUnion('type', [
  z.object({ ...timing, type: z.literal('http'), url: z.string(), expect_status: z.number().int(), expect_body_contains: z.string().nullable() }),
  z.object({ ...timing, type: z.literal('tcp'), host: z.string(), port }),
  z.object({ ...timing, type: z.literal('command'), command: z.string() }),
]);

const ofTest = { name: z.string().min(1), when: z.enum(testStages), requires: z.array(z.string()), gated: z.boolean(), timeout_ms: z.number().positive(), blocking: z.boolean() };
const test: z.ZodType<DesiredTest> = z.discriminatedUnion('type', [
  z.object({ ...ofTest, type: z.literal('command'), command: z.string().min(1) }),
  z.object({ ...ofTest, type: z.literal('http'), url: z.string(), expect_status: z.number().int(), expect_body_contains: z.string().nullable() }),
]);

const file: z.ZodType<DesiredFile> = z.object({
  path: z.string(), sha256, keyed: z.literal(true).optional(), size: z.number(), mode, owner: z.string().nullable(), group: z.string().nullable(),
  strategy: z.enum(['overwrite', 'atomic']), origin: z.enum(['template', 'file', 'environment']), content: z.string().optional(),
});

const tree: z.ZodType<DesiredTree> = z.object({
  dest: z.string(), strategy: z.enum(['overwrite', 'atomic', 'atomic_symlink']), tree_hash: sha256, owner: z.string().nullable(), group: z.string().nullable(),
  files: z.array(z.object({ path: z.string(), sha256, size: z.number(), mode, content: z.string().optional() })),
});

const anySource = { subpath: z.string().nullable(), source_hash: sha256, content_version: z.number().int().min(0) };
const archiveAt: z.ZodType<ArchiveSource['at']> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stored'), sha256, size: z.number().int().min(0) }),
  z.object({ kind: z.literal('host'), path: z.string() }),
]);
const source: z.ZodType<DesiredSource> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('git'), repo: z.string(), ref: z.string().nullable(), commit: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/).optional(), ...anySource }),
  z.object({ type: z.enum(['archive', 'artifact']), at: archiveAt, ...anySource }),
]);
const buildStep: z.ZodType<BuildStep> = z.object({ command: z.string().min(1), env, secret_env: secretEnv, timeout_ms: z.number().positive(), working_dir: z.string().nullable() });

const planned: z.ZodType<Fingerprint> = z.object({ digest: z.string(), parts: z.record(z.string(), z.string()) });

export const desiredPlacement: z.ZodType<DesiredPlacement> = z.object({
  deploy_id: z.string().min(1), project: z.string(), version: z.number().int(), component: z.string().min(1), host: z.string().min(1),
  hash: z.string().min(1), component_directory: z.string(),
  deploy_mode: z.enum(['hot', 'blue_green']).optional(), reload_on: z.array(z.enum(['code', 'config', 'dependencies', 'content'])).optional(), follows: z.record(z.string(), z.string()).optional(),
  source: source.nullable(), credential: z.object({ origin: z.string(), digest: sha256, content: z.string().optional() }).optional(), build: z.array(buildStep),
  run: z.union([dockerRun, systemdRun]), files: z.array(file), trees: z.array(tree), healthcheck: healthcheck.nullable(), tests: z.array(test).optional(),
  digest_key: sha256.optional(), redact: z.array(z.string()).optional(), planned: planned.optional(), allowed: z.array(z.enum(permissions)).optional(),
});

export const pinAnswer = z.object({ pins: z.array(z.object({ component: z.string(), kind: z.enum(pinKinds), value: z.string() }).refine(isPinValue)) });

export const desiredAnswer = z.object({ placements: z.array(desiredPlacement) });
