/** What zod found, as diagnostics a person can act on: path, place in the text, fix. */
import type { z } from 'zod';
import type { Diagnostic } from '../errors.js';
import { formatPath, type Path, type YamlReading } from './read-yaml.js';
import { nearest } from './nearest.js';
import { documentSchema } from './schema.js';

type Issue = z.core.$ZodIssue;
type Locate = YamlReading['locate'];

export function shapeErrors(issues: readonly Issue[], locate: Locate): Diagnostic[] {
  return issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? unknownKeys(issue, locate) : [shapeError(issue, locate)]));
}

function unknownKeys(issue: Extract<Issue, { code: 'unrecognized_keys' }>, locate: Locate): Diagnostic[] {
  return issue.keys.map((key) => {
    const path = [...toPath(issue.path), key];
    const meant = nearest(key, knownKeys(toPath(issue.path)));
    const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
    return at(locate, path, 'key', `unknown key "${key}"${hint}`, meant === undefined ? `Remove "${key}".` : `Write "${meant}" instead of "${key}".`);
  });
}

function shapeError(issue: Issue, locate: Locate): Diagnostic {
  const path = toPath(issue.path);
  if (issue.code === 'invalid_type' && issue.input === undefined) return at(locate, path, 'value', `"${path.at(-1) ?? 'document'}" is missing`, `Add "${path.at(-1) ?? ''}" (${issue.expected}).`);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) return at(locate, path, 'value', `"${issue.discriminator}" is missing or not one of the known types`, `Write one of: ${knownTypes(path.slice(0, -1))}.`);
  if (issue.code === 'invalid_value') return at(locate, path, 'value', `not one of the allowed values: ${issue.values.join(', ')}`, `Write one of: ${issue.values.join(', ')}.`);
  if (issue.code === 'invalid_type') return at(locate, path, 'value', `expected ${issue.expected}, found ${kindOf(issue.input)}`, fixForType(issue.expected, issue.input));
  return at(locate, path, issue.code === 'invalid_key' ? 'key' : 'value', messageOf(issue), 'Correct the value.');
}

const messageOf = (issue: Issue): string =>
  'issues' in issue && Array.isArray(issue.issues) ? issue.issues.map((inner: Issue) => inner.message).join('; ') : issue.message;

const fixForType = (expected: string, input: unknown): string =>
  expected === 'string' && (typeof input === 'number' || typeof input === 'boolean') ? `Put quotes around it: "${input}".` : `Write a value of type ${expected}.`;

const kindOf = (value: unknown): string => (value === null ? 'nothing' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a map' : `${typeof value} ${JSON.stringify(value)}`);

const toPath = (path: readonly PropertyKey[]): Path => path.map((part) => (typeof part === 'number' ? part : String(part)));

function at(locate: Locate, path: Path, where: 'key' | 'value', message: string, fix: string): Diagnostic {
  return { code: 'validation_error', path: formatPath(path), ...locate(path, where), message, suggested_fix: fix };
}

/** Keys known at a path, for "did you mean": the nearest schemas by the shape of the path. */
function knownKeys(path: Path): string[] {
  const schema = path.reduce<unknown>((current, part) => descend(current, part), documentSchema);
  return keysOf(schema);
}

const knownTypes = (path: Path): string => {
  const options = optionsOf(path.reduce<unknown>((current, part) => descend(current, part), documentSchema));
  return options.map((option) => String(literalOf(option))).join(', ');
};

interface SchemaLike { def?: { type?: string; innerType?: unknown; element?: unknown; valueType?: unknown; in?: unknown; options?: unknown[]; shape?: Record<string, unknown>; values?: unknown[] } }
const isSchema = (value: unknown): value is SchemaLike => typeof value === 'object' && value !== null && 'def' in value;

/** Strip defaults, optionals and pipes off a schema. */
function core(schema: unknown): SchemaLike | undefined {
  if (!isSchema(schema)) return undefined;
  const inner = schema.def?.innerType ?? (schema.def?.type === 'pipe' ? schema.def.in : undefined);
  return inner === undefined ? schema : core(inner);
}
const optionsOf = (schema: unknown): unknown[] => core(schema)?.def?.options ?? [];
const literalOf = (option: unknown): unknown => core(core(option)?.def?.shape?.['type'])?.def?.values?.[0];
function keysOf(schema: unknown): string[] {
  const found = core(schema);
  if (found?.def?.shape !== undefined) return Object.keys(found.def.shape);
  return [...new Set((found?.def?.options ?? []).flatMap((option) => keysOf(option)))];
}
function descend(schema: unknown, part: string | number): unknown {
  const found = core(schema)?.def;
  if (found === undefined) return undefined;
  if (typeof part === 'number') return found.element;
  if (found.valueType !== undefined) return found.valueType;
  const shapes = [found.shape, ...(found.options ?? []).map((option) => core(option)?.def?.shape)];
  return shapes.find((shape) => shape?.[part] !== undefined)?.[part];
}

