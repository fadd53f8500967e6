/** Hosts a document names that no node answers for: a warning when validating, a refusal when applying. */
import { nodesByName } from '../../control/nodes/index.js';
import type { PrismaClient } from '../../prisma/client.js';
import { documentHosts, parseDocument, type DeployDocument } from '../../spec/document/index.js';
import type { Diagnostic } from '../../spec/errors.js';

export async function missingHosts(db: PrismaClient, document: DeployDocument): Promise<string[]> {
  const names = documentHosts(document);
  const nodes = await nodesByName(db, names);
  return names.filter((name) => !nodes.has(name));
}

/** The same with their places, which takes reading the text. */
export async function unknownHosts(db: PrismaClient, yaml: string): Promise<Diagnostic[]> {
  const { document, locate } = parseDocument(yaml);
  if (document === null) return [];
  return (await missingHosts(db, document)).map((name) => ({
    code: 'not_found', path: `hosts.${name}`, ...locate(['hosts', name], 'key'),
    message: `No host "${name}" is enrolled`, suggested_fix: `Enroll ${name}, or name a host that is enrolled.`,
  }));
}
