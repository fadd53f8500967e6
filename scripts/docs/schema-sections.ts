/** The keys of the language, map by map, as the JSON Schema has them. */
import type { JsonSchema } from '../../spec/document/json-schema.js';

export interface ReferenceKey { key: string; type: string; required: boolean; fallback: string; meaning: string }
/** A map with known keys. `title` is its path, with the type where that decides on the keys. */
export interface Section { title: string; keys: ReferenceKey[] }

type Property = JsonSchema | boolean | undefined;
const asSchema = (property: Property): JsonSchema => (typeof property === 'object' ? property : {});
const listOf = (items: JsonSchema['items']): JsonSchema => (Array.isArray(items) ? {} : asSchema(items));

/** A map that stands in several types is told once. */
export function sectionsOf(schema: JsonSchema): Section[] {
  const all = sections(schema, '');
  return [...new Map(all.map((section) => [section.title, section])).values()];
}

function sections(schema: JsonSchema, path: string): Section[] {
  const types = (schema.oneOf ?? []).map(asSchema).filter(({ properties }) => properties !== undefined);
  if (types.length > 0) return types.flatMap((option) => mapSections(option, path, ` (type: ${String(asSchema(option.properties?.['type']).const)})`));
  if (schema.properties !== undefined) return mapSections(schema, path, '');
  if (schema.type === 'array') return sections(listOf(schema.items), `${path}[]`);
  const entry = asSchema(schema.additionalProperties);
  return Object.keys(entry).length === 0 ? [] : sections(entry, `${path}.<${path === 'hosts' || path === 'components' ? 'id' : 'name'}>`);
}

function mapSections({ properties = {}, required = [] }: JsonSchema, path: string, type: string): Section[] {
  const entries = Object.entries(properties).map(([key, property]): [string, JsonSchema] => [key, asSchema(property)]);
  const keys = entries.map(([key, schema]) => referenceKey(key, schema, required.includes(key)));
  return [{ title: `${path}${type}`, keys }, ...entries.flatMap(([key, schema]) => sections(schema, path === '' ? key : `${path}.${key}`))];
}

const referenceKey = (key: string, schema: JsonSchema, required: boolean): ReferenceKey =>
  ({ key, type: typeOf(schema), required, fallback: fallbackOf(schema), meaning: schema.description ?? '' });

/** Empty lists and maps are what one expects without a word. */
function fallbackOf({ default: value }: JsonSchema): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? '';
  return text === '[]' || text === '{}' ? '' : text;
}

const words: Readonly<Record<string, string>> = { string: 'text', number: 'number', integer: 'whole number', boolean: 'true or false' };

function typeOf(schema: JsonSchema): string {
  const { title, type, anyOf, oneOf } = schema;
  if (title !== undefined) return title;
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return schema.enum.join(', ');
  if (anyOf !== undefined) return anyOf.map((option) => typeOf(asSchema(option))).join(' or ');
  if (oneOf !== undefined || schema.properties !== undefined) return 'map';
  if (type === 'array') return `list of ${pluralOf(typeOf(listOf(schema.items)))}`;
  if (type === 'object') return mapType(asSchema(schema.additionalProperties));
  const names = [type ?? []].flat().map((one) => words[one] ?? one);
  return names.length === 0 ? 'anything' : `${names.join(' or ')}${rangeOf(schema)}`;
}

const mapType = (entry: JsonSchema): string => (Object.keys(entry).length === 0 ? 'map' : `map of ${pluralOf(typeOf(entry))}`);

/** Bounds that zod sets of itself, those of a safe integer, say nothing. */
function rangeOf({ minimum, maximum }: JsonSchema): string {
  const bounds = [['from', minimum], ['to', maximum]].filter(([, bound]) => typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER);
  return bounds.map(([word, bound]) => ` ${word} ${bound}`).join('');
}

const plurals: Readonly<Record<string, string>> = { text: 'texts', map: 'maps', id: 'ids' };
const pluralOf = (type: string): string => plurals[type] ?? type;
