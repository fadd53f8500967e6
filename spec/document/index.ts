/**
 * YAML text → a document with every default filled in, or everything that is wrong with it at once.
 * Flow: read (positions, limits) → merge defaults → shape → references. Each stage runs only when the one before found no error.
 */
import type { Diagnostic } from '../errors.js';
import { boundedFindings } from './bounded-findings.js';
import { mergeDefaults } from './merge-defaults.js';
import { readYaml, type YamlReading } from './read-yaml.js';
import { checkReferences } from './references.js';
import { documentSchema, type DeployDocument } from './schema.js';
import { shapeErrors } from './shape-errors.js';

export interface ParsedDocument {
  document: DeployDocument | null;
  errors: Diagnostic[];
  warnings: Diagnostic[];
  locate: YamlReading['locate'];
}

export function parseDocument(text: string): ParsedDocument {
  const { value, errors, locate } = readYaml(text);
  const failed = (found: Diagnostic[]): ParsedDocument => ({ document: null, errors: boundedFindings(found), warnings: [], locate });
  if (errors.length > 0) return failed(errors);
  const merged = mergeDefaults(value);
  const shape = documentSchema.safeParse(merged, { reportInput: true });
  if (!shape.success) return failed(shapeErrors(shape.error.issues, locate));
  const references = checkReferences(shape.data, locate);
  const { errors: wrong, warnings } = references;
  return { document: wrong.length > 0 ? null : shape.data, errors: boundedFindings(wrong), warnings: boundedFindings(warnings), locate };
}

export type { Binding, Component, DeployDocument, Host } from './schema.js';
export { bindingHosts, documentHosts, placements, type Placement } from './placements.js';
export { boundedFindings } from './bounded-findings.js';
export { unsupportedFeatures } from './unsupported.js';
