/** The document's shape (language.md §3) as zod schemas: types, defaults, unknown keys refused. */
import { z } from 'zod';
import { cpus, duration, fraction, idPattern, idRule, memory, mode } from './scalars.js';

const text = z.string();
const id = z.string().regex(idPattern, { error: `not an id: ${idRule}` });
const port = z.number().int().min(1).max(65535);
const oneLine = z.string().transform((value) => value.trim())
  .refine((value) => value !== '', { error: 'must not be empty', params: { fix: 'Write a value, or remove the key.' } })
  .refine((value) => !/[\n\r\0]/.test(value), { error: 'must be one line', params: { fix: 'Remove the line break.' } });
const command = text.refine((value) => value.trim() !== '', { error: 'must not be empty', params: { fix: 'Write the command.' } });
const someTime = duration.refine((ms) => ms > 0, { error: 'must be longer than nothing', params: { fix: 'Write a duration such as 5s.' } });
const envKey = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'names of environment variables are letters, digits and "_", and do not start with a digit' });
const env = z.record(envKey, text).default({});
const resources = z.strictObject({ memory: memory.optional(), cpus: cpus.optional() });
const sourceCredentials = { credentials_ref: text.optional() };

export const hostSchema = z.strictObject({
  type: z.enum(['linux', 'kubernetes']).default('linux'),
  address: text.optional(),
  port: port.default(22),
  user: text.optional(),
  tags: z.array(text).default([]),
  daemon: z.strictObject({ endpoint_override: text.optional(), install_method: z.enum(['auto', 'manual']).optional() }).optional(),
});

const source = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('docker'), image: oneLine, tag: oneLine.default('latest'), pull_policy: z.enum(['if_not_present', 'always', 'never']).default('if_not_present'), ...sourceCredentials }),
  z.strictObject({ type: z.literal('git'), repo: oneLine, ref: oneLine.optional(), subpath: text.optional(), sync: z.strictObject({ poll_interval: duration.optional(), auto_deploy: z.boolean().optional() }).optional(), ...sourceCredentials }),
  z.strictObject({ type: z.literal('archive'), path: oneLine, subpath: text.optional() }),
  z.strictObject({ type: z.literal('artifact'), artifact_id: oneLine, subpath: text.optional() }),
]);

const buildStep = z.strictObject({ command, env, timeout: someTime.default(300_000), working_dir: text.optional() });

const template = z.strictObject({ source: oneLine, dest: oneLine, mode: mode.default(0o640), owner: oneLine.optional(), group: oneLine.optional() });
const bundleFile = z.strictObject({ source: oneLine, dest: oneLine, strategy: z.enum(['overwrite', 'atomic', 'atomic_symlink']).optional(), mode: mode.default(0o755), owner: oneLine.optional() });
const config = z.strictObject({
  templates: z.array(template).default([]),
  files: z.array(bundleFile).default([]),
  vars: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), text).default({}),
});

const dockerRun = z.strictObject({
  type: z.literal('docker'),
  image: oneLine.optional(),
  container_name: oneLine.optional(),
  ports: z.array(z.union([text, z.number().transform(String)])).default([]),
  volumes: z.array(text).default([]),
  env,
  networks: z.array(oneLine).default([]),
  restart: z.enum(['no', 'on-failure', 'always', 'unless-stopped']).default('unless-stopped'),
  command: z.union([text, z.array(text)]).optional(),
  reload_command: text.optional(),
  resources: resources.optional(),
});
const systemdRun = z.strictObject({
  type: z.literal('systemd'),
  unit_name: oneLine.optional(),
  command: oneLine,
  working_directory: oneLine.optional(),
  user: oneLine.optional(),
  group: oneLine.optional(),
  env,
  restart: z.enum(['no', 'on-failure', 'always']).default('on-failure'),
  restart_sec: z.number().min(0).max(86_400).default(5),
  reload_command: oneLine.optional(),
  resources: resources.optional(),
});

const healthTiming = { interval: someTime.default(10_000), timeout: someTime.default(5000), start_period: duration.default(15_000), retries: z.number().int().min(1).max(100).default(3) };
/** A number, or a template that gives one. */
const portRule = 'expected a port from 1 to 65535';
const healthPort = z.union([port, z.string().regex(/^\d+$|\{\{/, { error: portRule })], { error: portRule });
const healthcheck = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('http'), url: oneLine, expect_status: z.number().int().min(100).max(599).default(200), expect_body_contains: text.optional(), ...healthTiming }),
  z.strictObject({ type: z.literal('tcp'), port: healthPort, host: oneLine.default('localhost'), ...healthTiming }),
  z.strictObject({ type: z.literal('command'), command, ...healthTiming }),
]);

const testCase = z.strictObject({
  type: z.enum(['http']).optional(), command: command.optional(), url: text.optional(), expect_status: z.number().int().optional(), expect_body_contains: text.optional(),
  when: z.enum(['pre_deploy', 'post_deploy']).default('post_deploy'), requires: z.array(id).default([]), timeout: someTime.default(300_000), blocking: z.boolean().default(true),
});

const reloadTrigger = z.enum(['cold', 'hot']).default('cold');

export const componentSchema = z.strictObject({
  description: text.optional(),
  // Without a source nothing is fetched: a unit runs what is on the host, a container needs run.image.
  source: source.optional(),
  build: z.array(buildStep).default([]),
  config: config.prefault({}),
  run: z.discriminatedUnion('type', [dockerRun, systemdRun]),
  deploy_mode: z.enum(['cold', 'hot', 'blue_green']).default('cold'),
  reload_triggers: z.strictObject({ code: reloadTrigger, config: reloadTrigger, dependencies: reloadTrigger, content: reloadTrigger }).prefault({}),
  depends_on: z.array(id).default([]),
  healthcheck: healthcheck.optional(),
  tests: z.record(z.string(), testCase).default({}),
  resources: resources.optional(),
  metrics: z.strictObject({ endpoint: text, allow: z.array(text).default([]) }).optional(),
  on_failure: z.enum(['pause', 'rollback']).default('pause'),
  rollback: z.boolean().default(true),
});

export const bindingSchema = z.strictObject({
  host: id.optional(),
  hosts: z.array(id).min(1).optional(),
  tags: z.array(text).min(1).optional(),
  components: z.array(id).min(1),
  depends_on_hosts: z.array(id).default([]),
  strategy: z.enum(['sequential', 'parallel', 'canary', 'blue_green']).default('sequential'),
  canary: z.strictObject({ initial_fraction: fraction.default(0.2), step_fraction: fraction.default(0.3), verify_duration: duration.default(120_000) }).optional(),
  max_parallel: z.number().int().min(1).optional(),
  max_failures: z.number().int().min(0).optional(),
  on_failure: z.enum(['pause', 'rollback']).default('pause'),
  approval: z.boolean().default(false),
  offline: z.enum(['wait', 'skip', 'fail']).default('wait'),
  offline_deadline: duration.default(3_600_000),
}).refine((binding) => [binding.host, binding.hosts, binding.tags].filter((way) => way !== undefined).length === 1, {
  error: 'a binding names its hosts in exactly one way: host, hosts or tags', params: { fix: 'Keep one of host, hosts and tags.' },
});

export const documentSchema = z.strictObject({
  api_version: z.literal('maestro/v1'),
  project: oneLine.refine((value) => value.length <= 128, { error: 'has more than 128 characters', params: { fix: 'Use a shorter name; there is room for more in description.' } }),
  description: text.optional(),
  hosts: z.record(id, hostSchema),
  components: z.record(id, componentSchema),
  deployment: z.array(bindingSchema).min(1),
  defaults: z.strictObject({ component: z.record(z.string(), z.unknown()).optional(), host: z.record(z.string(), z.unknown()).optional() }).optional(),
  credentials_ref: text.optional(),
});

export type DeployDocument = z.output<typeof documentSchema>;
export type Component = z.output<typeof componentSchema>;
export type Binding = z.output<typeof bindingSchema>;
export type Host = z.output<typeof hostSchema>;
