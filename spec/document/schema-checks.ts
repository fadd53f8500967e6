/** How a component shows that it works: health checks, tests and metrics. */
import { z } from 'zod';
import { duration } from './scalars.js';
import { command, id, oneLine, port, someTime, text, texts } from './schema-parts.js';

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
    command: command.describe('Command to run, inside the container when it is one'),
    ...timing,
  }),
]).describe('When the component counts as healthy');

const testCase = z.strictObject({
  type: z.enum(['http']).optional().describe('Set to http for a request in place of a command'),
  command: command.optional().describe('Shell command that passes with exit code 0'),
  url: text.optional().describe('Address to ask'),
  expect_status: z.number().int().optional().describe('Status that passes'),
  expect_body_contains: text.optional().describe('Text that the answer must contain'),
  when: z.enum(['pre_deploy', 'post_deploy']).default('post_deploy').describe('Before anything is changed, or after the component is healthy'),
  requires: z.array(id).default([]).describe('Components that must be healthy first'),
  timeout: someTime.prefault('300s').describe('How long the test may take'),
  blocking: z.boolean().default(true).describe('Whether a failure fails the step'),
});

export const tests = z.record(z.string(), testCase).prefault({}).describe('Tests by name');

export const metrics = z.strictObject({
  endpoint: text.describe('Address of the Prometheus endpoint, as the host sees it'),
  allow: texts.default([]).describe('Names of the metrics to keep'),
}).describe('Metrics to collect');
