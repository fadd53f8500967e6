/** Every diagnostic of the language. test/docs runs each fragment; docs/diagnostics.md is made of them. */
import type { DiagnosticEntry } from './entry.js';
import { referenceEntries } from './references.js';
import { renderingEntries } from './rendering.js';
import { secretEntries } from './secrets.js';
import { runEntries } from './run.js';
import { shapeEntries } from './shape.js';
import { sourceEntries } from './source.js';
import { unsupportedEntries } from './unsupported.js';
import { yamlEntries } from './yaml.js';

export const chapters: readonly { title: string; about: string; entries: readonly DiagnosticEntry[] }[] = [
  { title: 'Reading the YAML', about: 'These come alone: a document that cannot be read is not looked at any further.', entries: yamlEntries },
  { title: 'Keys and values', about: 'Told all at once. References are looked at when all keys and values are right.', entries: shapeEntries },
  { title: 'References and placements', about: 'Names that must exist, and orders that must be possible. Expressions are evaluated when all of them are right.', entries: referenceEntries },
  { title: 'Expressions, templates and files', about: 'Every expression and template is evaluated for every host, as a dry run.', entries: renderingEntries },
  { title: 'Secrets', about: 'A value is known to the host that needs it, and to nobody before.', entries: secretEntries },
  { title: 'Sources and builds', about: 'What becomes an argument of git or a folder of a build is refused when it could be anything else.', entries: sourceEntries },
  { title: 'Running', about: 'What a host could not do, and what two components of one host cannot share.', entries: runEntries },
  { title: 'Not supported yet', about: 'Valid, and told as a warning; apply refuses it, because nothing is ever silently ignored.', entries: unsupportedEntries },
];

export const diagnosticEntries: readonly DiagnosticEntry[] = chapters.flatMap(({ entries }) => entries);
