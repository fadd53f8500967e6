/** Hosts a document names that no node answers for: a warning when validating, a refusal when applying. */
import { hostsOutside, type Scope } from '../../control/access/index.js';
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
export async function unknownHosts(db: PrismaClient, yaml: string, scope?: Scope): Promise<Diagnostic[]> {
  const { document, locate } = parseDocument(yaml);
  if (document === null) return [];
  const outside = hostsOutside(scope, documentHosts(document));
  const missing = (await missingHosts(db, document)).filter((name) => !outside.includes(name));
  // Whether a host that is out of sight is enrolled is not told.
  const unseen = outside.map((name): Diagnostic => ({
    code: 'permission_denied', path: `hosts.${name}`, ...locate(['hosts', name], 'key'),
    message: `You may not place anything on "${name}"`, suggested_fix: 'Name only hosts of your grants.',
  }));
  return [...unseen, ...missing.map((name): Diagnostic => ({
    code: 'not_found', path: `hosts.${name}`, ...locate(['hosts', name], 'key'),
    message: `No host "${name}" is enrolled`, suggested_fix: `Enroll ${name}, or name a host that is enrolled.`,
  }))];
}
