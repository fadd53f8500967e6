/** The document's shape (language.md §3) as zod schemas: types, defaults, unknown keys refused. */
import { z } from 'zod';
import { duration, fraction } from './scalars.js';
import { healthcheck, metrics, tests } from './schema-checks.js';
import { id, oneLine, port, resources, text, texts } from './schema-parts.js';
import { dockerRun, systemdRun } from './schema-run.js';
import { build, config, source } from './schema-source.js';

export const hostSchema = z.strictObject({
  type: z.enum(['linux', 'kubernetes']).default('linux').describe('Kind of host; kubernetes is reserved'),
  address: text.optional().describe('Name or address of the host, for use in {{ }}'),
  port: port.default(22).describe('SSH port of the host, for use in {{ }}'),
  user: text.optional().describe('User on the host, for use in {{ }}'),
  tags: texts.default([]).describe('Tags by which a binding can choose hosts'),
  daemon: z.strictObject({
    endpoint_override: text.optional().describe('Another address of the host’s worker'),
    install_method: z.enum(['auto', 'manual']).optional().describe('How the host’s worker is installed'),
  }).optional().describe('The worker on the host'),
});

const reloadTrigger = z.enum(['cold', 'hot']).default('cold');
const onFailure = z.enum(['pause', 'rollback']).default('pause');

export const componentSchema = z.strictObject({
  description: text.optional().describe('What it is, for people'),
  // Without a source nothing is fetched: a unit runs what is on the host, a container needs run.image.
  source: source.optional(),
  build,
  config: config.prefault({}).describe('Configuration that is brought to the host'),
  run: z.discriminatedUnion('type', [dockerRun, systemdRun]).describe('How it runs'),
  deploy_mode: z.enum(['cold', 'hot', 'blue_green']).default('cold').describe('Whether the old one stops first (cold), or serves until the new one is healthy; hot makes a unit reload'),
  reload_triggers: z.strictObject({
    code: reloadTrigger.describe('When the release of the source changes'),
    config: reloadTrigger.describe('When a template changes'),
    dependencies: reloadTrigger.describe('When a component it depends on changes'),
    content: reloadTrigger.describe('When copied files or folders change'),
  }).prefault({}).describe('For each kind of change: start again (cold), or run.reload_command (hot)'),
  depends_on: z.array(id).default([]).describe('Components that must be healthy first, wherever they are placed'),
  healthcheck: healthcheck.optional(),
  tests,
  resources: resources.optional().describe('Limits, the same as run.resources; those win'),
  metrics: metrics.optional(),
  on_failure: onFailure.describe('What a failure of this component does to the rollout'),
  rollback: z.boolean().default(true).describe('Whether an automatic rollback may take it back; false for a database'),
});

const canary = z.strictObject({
  initial_fraction: fraction.prefault(0.2).describe('Part of the hosts that goes first, rounded up'),
  step_fraction: fraction.prefault(0.3).describe('Part of the hosts that each further step adds'),
  verify_duration: duration.prefault('2m').describe('How long health is watched after each step'),
});

export const bindingSchema = z.strictObject({
  host: id.optional().describe('The host, by id'),
  hosts: z.array(id).min(1).optional().describe('The hosts, by id'),
  tags: texts.min(1).optional().describe('The hosts that have all of these tags'),
  components: z.array(id).min(1).describe('Components to place on each of the hosts'),
  depends_on_hosts: z.array(id).default([]).describe('Hosts that must be green before this binding starts'),
  strategy: z.enum(['sequential', 'parallel', 'canary', 'blue_green']).default('sequential').describe('One after the other, all at once, a part of the hosts first, or the new beside the old'),
  canary: canary.optional().describe('Steps of the canary strategy'),
  max_parallel: z.number().int().min(1).optional().describe('The most hosts at a time'),
  max_failures: z.number().int().min(0).optional().describe('Failed hosts after which no other is started'),
  on_failure: onFailure.describe('What a failure in this binding does to the rollout'),
  approval: z.boolean().default(false).describe('Whether a person has to approve before this binding starts'),
  offline: z.enum(['wait', 'skip', 'fail']).default('wait').describe('What to do about a host that cannot be reached'),
  offline_deadline: duration.prefault('1h').describe('How long a host that cannot be reached is waited for'),
}).refine((binding) => [binding.host, binding.hosts, binding.tags].filter((way) => way !== undefined).length === 1, {
  error: 'a binding names its hosts in exactly one way: host, hosts or tags', params: { fix: 'Keep one of host, hosts and tags.' },
}).meta({ oneOf: ['host', 'hosts', 'tags'].map((way) => ({ required: [way] })) });

const longestName = 128;

export const documentSchema = z.strictObject({
  api_version: z.literal('maestro/v1').describe('Version of the language'),
  project: oneLine.refine((value) => value.length <= longestName, { error: 'has more than 128 characters', params: { fix: 'Use a shorter name; there is room for more in description.' } })
    .describe('Name of the project, and of the deploy unless another is given'),
  description: text.optional().describe('What it is, for people'),
  hosts: z.record(id, hostSchema).describe('Hosts by id; an id names an enrolled node'),
  components: z.record(id, componentSchema).describe('Components by id'),
  deployment: z.array(bindingSchema).min(1).describe('Bindings: which components go to which hosts, and in which order'),
  defaults: z.strictObject({
    component: z.record(z.string(), z.unknown()).optional().describe('Merged under what each component says itself; lists replace'),
    host: z.record(z.string(), z.unknown()).optional().describe('Merged under what each host says itself; lists replace'),
  }).optional().describe('What all hosts or all components have in common'),
  credentials_ref: text.optional().describe('Where credentials are: ./credentials.yaml in the bundle, or vault://<mount>'),
});

export type DeployDocument = z.output<typeof documentSchema>;
export type Component = z.output<typeof componentSchema>;
export type Binding = z.output<typeof bindingSchema>;
export type Host = z.output<typeof hostSchema>;
