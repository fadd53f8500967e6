/** Every place of a document where text can stand, read off its zod schema: a new field is in here by itself. */
import { documentSchema } from '../../spec/document/schema.js';

/** `*` any key of a map, `[]` any element of a list, `{key}` the key itself, `<docker>` the form of that type. */
export type Field = readonly string[];

interface Definition { type: string; innerType?: unknown; in?: unknown; options?: unknown[]; discriminator?: string; shape?: Record<string, unknown>; element?: unknown; keyType?: unknown; valueType?: unknown; values?: unknown[] }

const definitionOf = (schema: unknown): Definition => (schema as { def: Definition }).def;
const wrappers = new Set(['optional', 'default', 'prefault', 'nullable', 'readonly', 'catch', 'nonoptional']);

export function schemaFields(schema: unknown = documentSchema, at: Field = []): Field[] {
  const definition = definitionOf(schema);
  if (wrappers.has(definition.type)) return schemaFields(definition.innerType, at);
  if (definition.type === 'pipe') return schemaFields(definition.in, at);
  if (definition.type === 'object') return Object.entries(definition.shape ?? {}).flatMap(([key, member]) => schemaFields(member, [...at, key]));
  if (definition.type === 'array') return schemaFields(definition.element, [...at, '[]']);
  if (definition.type === 'record') return [[...at, '{key}'], ...schemaFields(definition.valueType, [...at, '*'])];
  if (definition.type === 'union') return distinct((definition.options ?? []).flatMap((option) => schemaFields(option, definition.discriminator === undefined ? at : [...at, `<${typeOf(option, definition.discriminator)}>`])));
  if (!leaves.has(definition.type)) throw new Error(`a schema of a kind that is not known here: ${definition.type} at ${at.join('.')}`);
  return [at];
}

/** A number or a choice is attacked, too: it has to refuse. */
const leaves = new Set(['string', 'number', 'int', 'boolean', 'enum', 'literal', 'unknown', 'any']);

const typeOf = (option: unknown, discriminator: string): string => String(definitionOf(definitionOf(option).shape?.[discriminator]).values?.[0] ?? '');

const distinct = (fields: readonly Field[]): Field[] => [...new Map(fields.map((field) => [nameOf(field), field])).values()];

export const nameOf = (field: Field): string => field.join('.').replaceAll('.[]', '[]').replaceAll('.<', '<').replaceAll('.{', '{');

/** The document with `text` at a place of that field, or null when it has no place of the kind. */
export function placed(document: object, field: Field, text: string): object | null {
  const copy = structuredClone(document);
  return put(copy, field, text) ? copy : null;
}

function put(holder: unknown, [step = '', ...rest]: Field, text: string): boolean {
  if (typeof holder !== 'object' || holder === null) return false;
  if (step.startsWith('<')) return Reflect.get(holder, 'type') === step.slice(1, -1) && (rest.length === 1 && rest[0] === 'type' ? set(holder, 'type', text) : put(holder, rest, text));
  if (step === '{key}') return renamed(holder, text);
  if (step === '*') return rest.length === 0 ? set(holder, Object.keys(holder)[0] ?? 'NAME', text) : inOrder(Object.values(holder), rest).some((member) => put(member, rest, text));
  if (step === '[]') return rest.length === 0 ? set(holder, 0, text) : inOrder(holder as unknown[], rest).some((member) => put(member, rest, text));
  if (rest.length === 0) return set(holder, step, text);
  if (!Object.hasOwn(holder, step)) {
    // A section that the document has not yet; what has forms has to be there.
    if (rest[0]?.startsWith('<') === true || rest[0] === '*') return false;
    Reflect.set(holder, step, rest[0] === '[]' ? [] : {});
  }
  // A value that may have several forms, of which the document has another one.
  if (rest[0] === '[]' && !Array.isArray(Reflect.get(holder, step))) Reflect.set(holder, step, []);
  return put(Reflect.get(holder, step), rest, text);
}

/** Where it is written already, it fits. */
const inOrder = (members: readonly unknown[], [key = '']: Field): unknown[] => {
  const has = (member: unknown): boolean => typeof member === 'object' && member !== null && Object.hasOwn(member, key);
  return [...members.filter(has), ...members.filter((member) => !has(member))];
};

const set = (holder: object, key: PropertyKey, text: unknown): boolean => {
  Object.defineProperty(holder, key, { value: text, enumerable: true, configurable: true, writable: true });
  return true;
};

function renamed(holder: object, text: string): boolean {
  const [entry] = Object.entries(holder);
  if (entry !== undefined) Reflect.deleteProperty(holder, entry[0]);
  return set(holder, text, entry === undefined ? 'x' : entry[1]);
}
