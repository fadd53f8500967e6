/** Bodies that carry a bundle: raw YAML, JSON, or a .tar.gz. What JSON may say besides is the route's. */
import { z } from 'zod';
import { parseJson, type BodyReader } from '../http/body.js';
import { parseOrThrow } from '../http/parse.js';
import { archiveLimits } from './archive.js';
import { filesOf, filesSchema, jsonBytesMax, submissionFromArchive, yamlBytesMax, yamlSchema, yamlText, type Submission } from './submission.js';

const yaml = { limitBytes: yamlBytesMax, schema: null };
const archive = { limitBytes: archiveLimits.compressedBytes, schema: null };
const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];
const archiveTypes = ['application/gzip', 'application/x-gzip'];

const every = <T>(types: readonly string[], value: T): Record<string, T> => Object.fromEntries(types.map((type) => [type, value]));

export interface JsonSubmission { name?: string | undefined; expected_version?: number | undefined; yaml: string; files?: Record<string, string> | undefined }

const document = { yaml: yamlSchema, files: filesSchema.optional() };
const schemas = {
  create: z.strictObject({ name: z.string().min(1).max(128).optional().describe('Defaults to `project`'), ...document }),
  version: z.strictObject({ expected_version: z.int().positive().optional().describe('Refuse unless this is the latest version'), ...document }),
  validate: z.strictObject(document),
} satisfies Record<string, z.ZodType<JsonSubmission>>;

export const submissionOf = ({ name, expected_version: expectedVersion, yaml: text, files }: JsonSubmission): Submission =>
  ({ name, expectedVersion, yaml: yamlText(Buffer.from(text)), files: files === undefined ? undefined : filesOf(files) });

export function bundleBody(kind: keyof typeof schemas): BodyReader<Submission> {
  const schema: z.ZodType<JsonSubmission> = schemas[kind];
  return {
    media: { ...every(yamlTypes, yaml), 'application/json': { limitBytes: jsonBytesMax, schema }, ...every(archiveTypes, archive) },
    required: true,
    async read(mediaType, bytes) {
      if (mediaType !== null && archiveTypes.includes(mediaType)) return submissionFromArchive(bytes);
      if (mediaType === 'application/json') return submissionOf(parseOrThrow('body', schema, parseJson(bytes)));
      return { yaml: yamlText(bytes) };
    },
  };
}
