/** How a component runs: a container or a systemd unit. */
import { z } from 'zod';
import { env, oneLine, resources, text, texts } from './schema-parts.js';

const reload = 'Command that makes it read its configuration again';

export const dockerRun = z.strictObject({
  type: z.literal('docker').describe('A container'),
  image: oneLine.optional().describe('Image of the container; without it that of the docker source'),
  container_name: oneLine.optional().describe('Name of the container; without it maestro-<component>'),
  ports: z.array(z.union([text, z.number().transform(String)])).prefault([]).describe('Published ports: host:container, with an address in front or /udp behind where needed'),
  volumes: texts.default([]).describe('Mounts: source:target or source:target:ro; the source is a volume name or a host path'),
  env: env.describe('Environment variables'),
  networks: z.array(oneLine).prefault([]).describe('Networks to join; missing ones are created'),
  restart: z.enum(['no', 'on-failure', 'always', 'unless-stopped']).default('unless-stopped').describe('When Docker starts it again'),
  command: z.union([text, texts]).optional().describe('Command line in place of the image’s, or its words as a list'),
  reload_command: text.optional().describe(`${reload}, run in the container`),
  resources: resources.optional().describe('Limits of the container'),
});

export const systemdRun = z.strictObject({
  type: z.literal('systemd').describe('A systemd service'),
  unit_name: oneLine.optional().describe('Name of the unit; .service is added when missing; without it maestro-<component>.service'),
  command: oneLine.describe('Command line, with the absolute path of the program'),
  working_directory: oneLine.optional().describe('The component directory; without it /opt/maestro/<component>'),
  user: oneLine.optional().describe('User to run as; it must exist on the host'),
  group: oneLine.optional().describe('Group to run as; it must exist on the host'),
  env: env.describe('Environment variables'),
  restart: z.enum(['no', 'on-failure', 'always']).default('on-failure').describe('When systemd starts it again'),
  restart_sec: z.number().min(0).max(86_400).default(5).describe('Seconds between an end and the next start'),
  reload_command: oneLine.optional().describe(reload),
  resources: resources.optional().describe('Limits of the service'),
});
