/** What zod found, as diagnostics a person can act on: path, place in the text, fix. */
import type { z } from 'zod';
import type { Diagnostic } from '../errors.js';
import { formatPath, type Path } from './path.js';
import type { YamlReading } from './read-yaml.js';
import { nearest } from './nearest.js';
import { documentSchema } from './schema.js';
import { keysAt, typesAt } from './schema-words.js';

type Issue = z.core.$ZodIssue;
type Locate = YamlReading['locate'];

export function shapeErrors(issues: readonly Issue[], locate: Locate, under: Path = []): Diagnostic[] {
  return issues.flatMap((issue) => {
    const path = [...under, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, path, locate);
    const inner = issue.code === 'invalid_union' && issue.discriminator === undefined ? closestBranch(issue) : [];
    return inner.length > 0 ? shapeErrors(inner, locate, path) : [shapeError(issue, path, locate)];
  });
}

/** Of a value that may have several forms: the findings of the form it comes closest to, when one stands out. */
function closestBranch({ errors }: Extract<Issue, { code: 'invalid_union' }>): Issue[] {
  const depth = (branch: readonly Issue[]): number => Math.max(0, ...branch.map(({ path }) => path.length));
  const fitting = errors.filter((branch) => branch.every(({ code, path }) => code !== 'invalid_type' || path.length > 0));
  const [best] = [...fitting].sort((a, b) => depth(b) - depth(a));
  return best ?? [];
}

/** More unknown keys in one place are not answered one by one; the first say enough. */
const maxKeys = 500;

function unknownKeys(issue: Extract<Issue, { code: 'unrecognized_keys' }>, path: Path, locate: Locate): Diagnostic[] {
  const known = keysAt(documentSchema, path, issue.input);
  return issue.keys.slice(0, maxKeys).map((key) => {
    const meant = nearest(key, known);
    const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
    return at(locate, [...path, key], 'key', `unknown key "${key}"${hint}`, meant === undefined ? `Remove "${key}".` : `Write "${meant}" instead of "${key}".`);
  });
}

function shapeError(issue: Issue, path: Path, locate: Locate): Diagnostic {
  const name = path.at(-1) ?? 'document';
  if (issue.code === 'invalid_type' && issue.input === undefined) return at(locate, path, 'value', `"${name}" is missing`, `Add "${name}" (${wordFor(issue.expected)}).`);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) return at(locate, path, 'value', `"${issue.discriminator}" is missing or not one of the known types`, `Write one of: ${typesAt(documentSchema, path.slice(0, -1)).join(', ')}.`);
  if (issue.code === 'invalid_value') return invalidValue(issue, path, locate);
  if (issue.code === 'invalid_type') return at(locate, path, 'value', `expected ${wordFor(issue.expected)}, found ${kindOf(issue.input)}`, fixForType(issue.expected, issue.input));
  if (issue.code === 'invalid_union') return noForm(issue, path, locate);
  if (issue.code === 'too_small' && issue.origin === 'array') return at(locate, path, 'value', `"${name}" is empty`, `Write at least ${issue.minimum} in "${name}".`);
  // A map with a key "length" passes for a list that is too short.
  if ((issue.code === 'too_small' || issue.code === 'too_big') && typeof issue.input === 'object') return at(locate, path, 'value', `expected ${wordFor('array')}, found ${kindOf(issue.input)}`, fixForType('array', issue.input));
  if (issue.code === 'too_small' || issue.code === 'too_big') return outOfRange(issue, path, locate);
  return at(locate, path, issue.code === 'invalid_key' ? 'key' : 'value', messageOf(issue), fixFor(issue));
}

function outOfRange(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, path: Path, locate: Locate): Diagnostic {
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  return at(locate, path, 'value', `expected ${bound}, found ${String(issue.input).slice(0, 80)}`, `Write ${bound}.`);
}

function invalidValue(issue: Extract<Issue, { code: 'invalid_value' }>, path: Path, locate: Locate): Diagnostic {
  const values = issue.values.map(String);
  if (issue.input === undefined) return at(locate, path, 'value', `"${path.at(-1) ?? 'document'}" is missing`, `Add "${path.at(-1) ?? 'document'}": ${values.join(', ')}.`);
  const meant = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
  return at(locate, path, 'value', `not one of the allowed values: ${values.join(', ')}${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`, `Write one of: ${values.join(', ')}.`);
}

/** None of the forms a value may have: the schema's own words for them, or their types. */
function noForm(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path, locate: Locate): Diagnostic {
  const types = issue.errors.flatMap((branch) => branch.flatMap((inner) => (inner.code === 'invalid_type' ? [wordFor(inner.expected)] : [])));
  const expected = issue.message.startsWith('expected ') ? issue.message.slice('expected '.length) : [...new Set(types)].join(' or ');
  return at(locate, path, 'value', `expected ${expected}, found ${kindOf(issue.input)}`, `Write ${expected}.`);
}

const messageOf = (issue: Issue): string =>
  'issues' in issue && Array.isArray(issue.issues) ? issue.issues.map((inner: Issue) => inner.message).join('; ') : issue.message;

function fixFor(issue: Issue): string {
  const fix: unknown = issue.code === 'custom' ? issue.params?.['fix'] : undefined;
  if (typeof fix === 'string') return fix;
  return issue.message.startsWith('expected ') ? `Write ${issue.message.slice('expected '.length)}.` : 'Correct the value.';
}

const words: Readonly<Record<string, string>> = { string: 'text', array: 'a list', object: 'a map', record: 'a map', int: 'a whole number', number: 'a number', boolean: 'true or false' };
const wordFor = (expected: string): string => words[expected] ?? expected;

const fixForType = (expected: string, input: unknown): string =>
  expected === 'string' && (typeof input === 'number' || typeof input === 'boolean') ? `Put quotes around it: "${input}".` : `Write ${wordFor(expected)}.`;

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return `a number: ${value}`;
  return typeof value === 'object' ? 'a map' : `${wordFor(typeof value)}: ${JSON.stringify(value).slice(0, 80)}`;
}

function at(locate: Locate, path: Path, where: 'key' | 'value', message: string, fix: string): Diagnostic {
  return { code: 'validation_error', path: formatPath(path), ...locate(path, where), message, suggested_fix: fix };
}
