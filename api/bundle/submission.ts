/** What a person or program sends as a bundle, whatever it came as: one document and the files beside it. */
import { z } from 'zod';
import type { BundleFile } from '../../control/deploys/index.js';
import { MaestroError } from '../../spec/errors.js';
import { tooLarge } from '../../control/problem.js';
import { unpackArchive } from './archive.js';

export const yamlBytesMax = 1 << 20;
export const jsonBytesMax = 2 << 20;

export interface Submission {
  name?: string | undefined;
  expectedVersion?: number | undefined;
  yaml: string;
  /** Absent: the body carried the document alone. */
  files?: BundleFile[] | undefined;
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'Not base64').refine((text) => text.length % 4 === 0, 'Not base64 (its length is not a multiple of 4)');

/** Path in the bundle → contents in base64. */
export const filesSchema = z.record(z.string().min(1).max(512), base64).describe('Files beside the document: path in the bundle → contents in base64');
export const yamlSchema = z.string().min(1).describe('The document, as text (at most 1 MiB)');

export function yamlText(bytes: Buffer): string {
  if (bytes.length > yamlBytesMax) throw tooLarge(yamlBytesMax, 'The document');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MaestroError('validation_error', 'The document is not UTF-8 text', { fix: 'Save the YAML file as UTF-8.' });
  }
}

export const filesOf = (files: Record<string, string>): BundleFile[] => Object.entries(files).map(([path, content]) => ({ path, bytes: Buffer.from(content, 'base64') }));

const preferred = ['deployment.yaml', 'deployment.yml', 'deploy.yaml', 'deploy.yml'];

/** `deployment.yaml`, `deploy.yaml`, or the only YAML file at the root of the archive. */
function documentFile(files: readonly BundleFile[]): BundleFile {
  const atRoot = files.filter(({ path }) => /^[^/]+\.ya?ml$/.test(path));
  const named = preferred.map((name) => atRoot.find(({ path }) => path === name)).find((file) => file !== undefined);
  const [only, ...others] = atRoot;
  if (named !== undefined) return named;
  if (only !== undefined && others.length === 0) return only;
  throw new MaestroError('validation_error', only === undefined ? 'The bundle has no YAML document at its root' : `The bundle has ${atRoot.length} YAML files at its root and none is deployment.yaml`, {
    fix: 'Name the document deployment.yaml and put it at the root of the archive (`tar -czf bundle.tar.gz -C <folder> .`).',
    details: { found: files.slice(0, 20).map(({ path }) => path) },
  });
}

export async function submissionFromArchive(archive: Buffer): Promise<Submission> {
  const files = await unpackArchive(archive);
  const document = documentFile(files);
  return { yaml: yamlText(document.bytes), files: files.filter((file) => file !== document) };
}
