/** Where a component comes from, how it is built, and which files it brings to the host. */
import { z } from 'zod';
import { duration, mode } from './scalars.js';
import { command, env, oneLine, someTime, text, writtenLine } from './schema-parts.js';

const credentials = (what: string) => text.optional().describe(`The secret that is the login for ${what}: vault://path`);
const subpath = text.optional().describe('The folder in it that is used');

export const source = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('docker').describe('An image from a registry'),
    image: oneLine.describe('Name of the image, with its registry when it is not Docker Hub'),
    tag: writtenLine.prefault('latest').describe('Tag of the image, or a digest sha256:…'),
    pull_policy: z.enum(['if_not_present', 'always', 'never']).default('if_not_present').describe('When the image is pulled'),
    credentials_ref: credentials('the registry'),
  }),
  z.strictObject({
    type: z.literal('git').describe('A commit of a git repository'),
    repo: oneLine.describe('Address of the repository: https, ssh or file'),
    ref: writtenLine.optional().describe('Branch, tag or commit; without it the default branch'),
    subpath,
    sync: z.strictObject({
      poll_interval: duration.optional().describe('How often the repository is looked at'),
      auto_deploy: z.boolean().optional().describe('Whether a new commit is deployed without being asked'),
    }).optional().describe('Following the repository'),
    credentials_ref: credentials('the repository'),
  }),
  z.strictObject({
    type: z.literal('archive').describe('An archive: .tar, .tar.gz, .tar.zst or .zip'),
    path: oneLine.describe('Path of the archive in the bundle, or an absolute path on the host'),
    subpath,
  }),
  z.strictObject({
    type: z.literal('artifact').describe('An uploaded artifact'),
    artifact_id: oneLine.describe('sha256 of the artifact'),
    subpath,
  }),
]).describe('Where the component comes from; without it, it runs what is there already');

const buildStep = z.strictObject({
  command: command.describe('Shell command, run in the source directory on the host as an unprivileged user'),
  env: env.describe('Environment variables of this step'),
  timeout: someTime.prefault('300s').describe('How long the step may take'),
  working_dir: text.optional().describe('Folder below the source directory to run in'),
});

export const build = z.array(buildStep).prefault([]).describe('Build steps, run in this order; not for docker sources');

const owner = oneLine.optional().describe('User that owns it on the host');

const template = z.strictObject({
  source: oneLine.describe('Path of the template in the bundle'),
  dest: oneLine.describe('Path of the file on the host; a relative one is below the component directory'),
  mode: mode.prefault('0640').describe('File mode, in octal digits'),
  owner,
  group: oneLine.optional().describe('Group that owns it on the host'),
});

const bundleFile = z.strictObject({
  source: oneLine.describe('Path of a file or folder in the bundle'),
  dest: oneLine.describe('Path on the host; a relative one is below the component directory'),
  strategy: z.enum(['overwrite', 'atomic', 'atomic_symlink']).optional()
    .describe('How it is replaced: in place, at once, or (default for folders) as a release that a symbolic link points to'),
  mode: mode.prefault('0755').describe('File mode, in octal digits'),
  owner,
});

export const config = z.strictObject({
  templates: z.array(template).prefault([]).describe('Files that are rendered for each host'),
  files: z.array(bundleFile).prefault([]).describe('Files and folders that are copied as they are'),
  vars: z.record(z.string(), z.unknown()).default({}).describe('Variables for templates and {{ }}'),
  secrets: z.record(z.string(), text).default({}).describe('Secrets for templates, each a reference {{ vault://path }}'),
});
