/** What the schemas know at a path of a document: keys for "did you mean", and the types of a choice. */
import type { Path } from './path.js';

interface SchemaLike { def?: { type?: string; innerType?: unknown; element?: unknown; valueType?: unknown; in?: unknown; options?: unknown[]; shape?: Record<string, unknown>; values?: unknown[] } }
const isSchema = (value: unknown): value is SchemaLike => typeof value === 'object' && value !== null && 'def' in value;

/** The keys known at a path. Where `type` decides on them, those of the type that `written` has. */
export function keysAt(schema: unknown, path: Path, written: unknown): string[] {
  const found = core(follow(schema, path))?.def;
  if (found?.shape !== undefined) return Object.keys(found.shape);
  const options = found?.options ?? [];
  const type = typeof written === 'object' && written !== null && 'type' in written ? written.type : undefined;
  const chosen = options.filter((option) => typeOf(option) === type);
  return [...new Set((chosen.length > 0 ? chosen : options).flatMap((option) => Object.keys(core(option)?.def?.shape ?? {})))];
}

export const typesAt = (schema: unknown, path: Path): string[] => (core(follow(schema, path))?.def?.options ?? []).map((option) => String(typeOf(option)));

/** Strip defaults, optionals and pipes off a schema. */
function core(schema: unknown): SchemaLike | undefined {
  if (!isSchema(schema)) return undefined;
  const inner = schema.def?.innerType ?? (schema.def?.type === 'pipe' ? schema.def.in : undefined);
  return inner === undefined ? schema : core(inner);
}

const typeOf = (option: unknown): unknown => core(core(option)?.def?.shape?.['type'])?.def?.values?.[0];

const follow = (schema: unknown, path: Path): unknown => path.reduce<unknown>(descend, schema);

function descend(schema: unknown, part: string | number): unknown {
  const found = core(schema)?.def;
  if (found === undefined) return undefined;
  if (typeof part === 'number') return found.element;
  if (found.valueType !== undefined) return found.valueType;
  const shapes = [found.shape, ...(found.options ?? []).map((option) => core(option)?.def?.shape)];
  return shapes.find((shape) => shape !== undefined && Object.hasOwn(shape, part))?.[part];
}
