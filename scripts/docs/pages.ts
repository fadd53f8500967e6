/** What is generated of docs/: the name of each file and how it is made. */
import { documentJsonSchema } from '../../spec/document/json-schema.js';
import { diagnosticsPage } from './diagnostics-page.js';
import { yamlReferencePage } from './yaml-reference-page.js';

export const pages: Readonly<Record<string, () => Promise<string>>> = {
  'deployment.schema.json': () => Promise.resolve(`${JSON.stringify(documentJsonSchema(), null, 2)}\n`),
  'diagnostics.md': diagnosticsPage,
  'yaml-reference.md': yamlReferencePage,
};
