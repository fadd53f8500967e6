/** How a component shows that it works: health checks, tests and metrics. */
import { z } from 'zod';
import { duration } from './scalars.js';
import { command, oneLine, port, someTime, text, texts } from './schema-parts.js';

const timing = {
  interval: someTime.prefault('10s').describe('Time between two checks; during a rollout they come faster'),
  timeout: someTime.prefault('5s').describe('How long one check may take'),
  start_period: duration.prefault('15s').describe('Failures this soon after the start do not count; the first success ends it'),
  retries: z.number().int().min(1).max(100).default(3).describe('Failures in a row that make it unhealthy'),
};

/** A number, or a template that gives one. */
const portRule = 'expected a port from 1 to 65535';
const healthPort = z.union([port, z.string().regex(/^\d+$|\{\{/, { error: portRule })], { error: portRule });

export const healthcheck = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('http').describe('An HTTP request'),
    url: oneLine.describe('Address to ask, as the host sees it'),
    expect_status: z.number().int().min(100).max(599).default(200).describe('Status that is healthy'),
    expect_body_contains: text.optional().describe('Text that the answer must contain'),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('tcp').describe('A connection'),
    port: healthPort.describe('Port to connect to'),
    host: oneLine.prefault('localhost').describe('Name or address to connect to'),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('command').describe('A command that ends with exit code 0'),
    command: command.describe('Shell command, run inside the container, or on the host as the user of the unit and with its variables'),
    ...timing,
  }),
]).describe('When the component counts as healthy');

const testName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/, { error: 'names of tests are at most 63 letters, digits, spaces, ".", "_" and "-", and start with a letter or digit' });

/** Told only of what has the right keys. */
const whole = (fix: string) => ({ params: { fix }, when: ({ issues }: { issues: readonly unknown[] }) => issues.length === 0 });

const testCase = z.strictObject({
  type: z.enum(['http']).optional().describe('Set to http for a request in place of a command'),
  command: command.optional().describe('Shell command that passes with exit code 0'),
  url: oneLine.optional().describe('Address to ask, as the host sees it'),
  expect_status: z.number().int().min(100).max(599).optional().describe('Status that passes; 200 when it is left out'),
  expect_body_contains: text.optional().describe('Text that the answer must contain'),
  when: z.enum(['pre_deploy', 'post_deploy']).default('post_deploy').describe('Before anything is changed, or after the component is healthy'),
  requires: z.array(testName).default([]).describe('Tests of this component that must have passed, or components it depends on that must be healthy first'),
  timeout: someTime.prefault('300s').describe('How long the test may take'),
  blocking: z.boolean().default(true).describe('Whether a failure fails the step'),
}).refine(({ type, command: run, url }) => (type === 'http' ? url !== undefined && run === undefined : run !== undefined && url === undefined), {
  error: 'a test is a command, or an http request: "type: http" with a url', ...whole('Write command, or type: http and url.'),
}).refine(({ type, expect_status: status, expect_body_contains: body }) => type === 'http' || (status === undefined && body === undefined), {
  error: 'expect_status and expect_body_contains are for an http test; a command passes with exit code 0', ...whole('Set type: http and url, or remove them.'),
}).meta({ oneOf: [{ required: ['command'] }, { required: ['url'] }], dependentRequired: { type: ['url'], url: ['type'], expect_status: ['url'], expect_body_contains: ['url'] } });

export const tests = z.record(testName, testCase).prefault({}).describe('Tests by name');

export const metrics = z.strictObject({
  endpoint: text.describe('Address of the Prometheus endpoint, as the host sees it'),
  allow: texts.default([]).describe('Names of the metrics to keep'),
}).describe('Metrics to collect');
