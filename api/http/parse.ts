/** zod findings as Diagnostics: the same shape a document's errors have, with the JSON path and no line. */
import type { z } from 'zod';
import { MaestroError, type Diagnostic } from '../../spec/errors.js';

export type Part = 'path' | 'query' | 'body';

const dotted = (part: Part, path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text === '' ? '' : '.'}${String(key)}`), part === 'body' ? '' : part);

function fixOf(issue: z.core.$ZodIssue, name: string): string {
  const what = name === '' ? 'the body' : `\`${name}\``;
  if (issue.code === 'unrecognized_keys') return `Remove ${issue.keys.map((key) => `\`${key}\``).join(', ')}.`;
  if (issue.code === 'invalid_value') return `Use one of ${issue.values.map(String).join(', ')} for ${what}.`;
  if (issue.code === 'invalid_type') return `Give ${what} as ${issue.expected}.`;
  return `Correct ${what}.`;
}

export const diagnosticsOf = (part: Part, issues: readonly z.core.$ZodIssue[]): Diagnostic[] =>
  issues.map((issue) => {
    const path = dotted(part, issue.path);
    return { code: 'validation_error', path, line: 0, column: 0, message: issue.message, suggested_fix: fixOf(issue, path) };
  });

export function invalid(errors: Diagnostic[]): MaestroError {
  const [first] = errors;
  const place = first === undefined || first.path === '' ? '' : ` at \`${first.path}\``;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new MaestroError('validation_error', `The request is not valid${place}: ${first?.message ?? 'unknown'}${more}`, { fix: first?.suggested_fix ?? 'Correct the request.', errors });
}

export function parsePart<T>(part: Part, schema: z.ZodType<T>, value: unknown): { value: T; errors: [] } | { value: null; errors: Diagnostic[] } {
  const parsed = schema.safeParse(value);
  return parsed.success ? { value: parsed.data, errors: [] } : { value: null, errors: diagnosticsOf(part, parsed.error.issues) };
}

export function parseOrThrow<T>(part: Part, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(diagnosticsOf(part, parsed.error.issues));
}
