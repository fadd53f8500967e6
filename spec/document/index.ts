/**
 * YAML text → a document with every default filled in, or everything that is wrong with it at once.
 * Flow: read (positions, limits) → merge defaults → shape → references. What cannot be read has no shape; of what is wrong in
 * its shape, the rest is looked at all the same.
 */
import type { Diagnostic } from '../errors.js';
import { boundedFindings } from './bounded-findings.js';
import { mergeDefaults } from './merge-defaults.js';
import { readYaml, type YamlReading } from './read-yaml.js';
import { checkReferences } from './references.js';
import { documentSchema, type DeployDocument } from './schema.js';
import { shapeErrors } from './shape-errors.js';
import { withoutWrong } from './without-wrong.js';

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
  if (!shape.success) {
    const rest = withoutWrong(merged, shape.error.issues);
    const wrong = [...shapeErrors(shape.error.issues, locate), ...(rest === null ? [] : checkReferences(rest, locate).errors)];
    return failed(wrong.sort((a, b) => a.line - b.line || a.column - b.column));
  }
  const references = checkReferences(shape.data, locate);
  const { errors: wrong, warnings } = references;
  return { document: wrong.length > 0 ? null : shape.data, errors: boundedFindings(wrong), warnings: boundedFindings(warnings), locate };
}

export type { Binding, Component, DeployDocument, Host } from './schema.js';
export { bindingHosts, documentHosts, placements, type Placement } from './placements.js';
export { boundedFindings } from './bounded-findings.js';
export { unsupportedFeatures } from './unsupported.js';
