/**
 * The language as JSON Schema (draft 2020-12), for editors and for other programs: made of the schemas that read a
 * document, with every spelling of a value. What it cannot know – references, cycles, templates – is left to validation.
 */
import { z } from 'zod';
import { documentSchema } from './schema.js';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The document with everything written out in each entry: no `defaults` from which a required key could come. */
export const plainJsonSchema = (): JsonSchema => z.toJSONSchema(documentSchema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'throw' });

const dialect = 'https://json-schema.org/draft/2020-12/schema';

/** `defaults` may give what is required of a component: where they are written, components may leave it out. */
export function documentJsonSchema(): JsonSchema & { $schema: string } {
  const { $schema: _, properties = {}, ...rest } = plainJsonSchema();
  const host = entryOf(properties['hosts']);
  const component = entryOf(properties['components']);
  const componentsOf = (name: string): JsonSchema => ({ properties: { components: { additionalProperties: reference(name) } } });
  return {
    $schema: dialect, title: 'Deploy document of Maestro (maestro/v1)', ...rest,
    properties: {
      ...properties,
      hosts: { ...asSchema(properties['hosts']), additionalProperties: reference('host') },
      components: { ...asSchema(properties['components']), additionalProperties: { type: 'object' } },
      defaults: defaultsSchema(asSchema(properties['defaults'])),
    },
    if: { required: ['defaults'], properties: { defaults: { required: ['component'] } } },
    then: componentsOf('part_of_component'),
    else: componentsOf('component'),
    $defs: { host, component, part_of_component: asSchema(partial(component)) },
  };
}

const reference = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });

const asSchema = (value: unknown): JsonSchema => (typeof value === 'object' && value !== null ? value as JsonSchema : {});
/** Of a map of entries by id. */
const entryOf = (map: unknown): JsonSchema => asSchema(asSchema(map).additionalProperties);

/** Of hosts nothing is required, so that a part of one is one. */
function defaultsSchema(defaults: JsonSchema): JsonSchema {
  const { component, host } = defaults.properties ?? {};
  return { ...defaults, properties: { component: described(component, 'part_of_component'), host: described(host, 'host') } };
}

const described = (written: unknown, name: string): JsonSchema => ({ description: asSchema(written).description, ...reference(name) });

/** The same without required keys; what is then left of one of several types may fit more than one. */
function partial(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(partial);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => key !== 'required' || !Array.isArray(value));
  return Object.fromEntries(kept.map(([key, value]) => [key === 'oneOf' && Array.isArray(value) ? 'anyOf' : key, partial(value)]));
}
