/** Shapes that many answers share. A schema with an id becomes a component of the OpenAPI document. */
import { z } from 'zod';
import { errorCodes, type ErrorCode } from '../../spec/errors.js';

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

/** Schemas with a name in `components.schemas`. */
export const namedSchemas = new Map<z.ZodType, string>();

export function named<S extends z.ZodType>(id: string, schema: S): S {
  namedSchemas.set(schema, id);
  return schema;
}

/** One of the shared words, where the view's type says only that it is text. */
export const wordOf = <const W extends readonly [string, ...string[]]>(words: W) => z.string().pipe(z.enum(words));

export const timestamp = z.iso.datetime({ offset: true });
export const errorCode = named('ErrorCode', z.enum(codes));

export const diagnostic = named('Diagnostic', z.object({
  code: errorCode,
  path: z.string().describe('Dotted path with indexes; of the document, or of the request (then line is 0)'),
  line: z.int().min(0),
  column: z.int().min(0),
  message: z.string(),
  suggested_fix: z.string(),
}));

export const problem = named('Problem', z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: errorCode,
  message: z.string(),
  errors: z.array(diagnostic),
  suggested_fix: z.string(),
  details: z.record(z.string(), z.unknown()),
  request_id: z.string(),
}));

export const idOf = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{16,64}$`), `Not an id of the form ${prefix}_…`);

/** `limit` and `cursor` of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Items per page'),
  cursor: z.string().max(512).optional().describe('`next_cursor` of the page before'),
};

export const pageOf = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export const flag = z.enum(['true', 'false']).default('false').transform((text) => text === 'true');
