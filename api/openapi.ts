/** OpenAPI 3.1 from the table of routes: pure data, no server needed. */
import { z } from 'zod';
import { errorCodes, type ErrorCode } from '../spec/errors.js';
import { isMutation, type Route } from './route.js';
import { routes as table } from './routes/index.js';
import { namedSchemas } from './schemas/common.js';

type Json = Record<string, unknown>;

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const componentPath = (id: string): string => `#/components/schemas/${id}`;

/** Answers may grow, so clients are not told that there is nothing else. */
const openEnded = ({ jsonSchema }: { jsonSchema: { additionalProperties?: unknown } }): void => {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
};

function withoutIdentity(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Json;
  return rest;
}

/** Bodies and answers that have no name of their own are named after their operation, so that clients get types for them. */
function register(routes: readonly Route[]) {
  const answers = z.registry<{ id: string }>();
  const requests = z.registry<{ id: string }>();
  const names = new Map<z.ZodType, string>();
  const add = (registry: typeof answers, schema: z.ZodType, fallback: string): void => {
    const id = names.get(schema) ?? namedSchemas.get(schema) ?? fallback;
    names.set(schema, id);
    if (!registry.has(schema)) registry.add(schema, { id });
  };
  for (const row of routes) {
    const name = `${row.operationId.charAt(0).toUpperCase()}${row.operationId.slice(1)}`;
    if (row.response !== null) add(answers, row.response, `${name}Answer`);
    for (const { schema } of Object.values(row.body?.media ?? {})) if (schema !== null) add(requests, schema, `${name}Request`);
  }
  for (const [schema, id] of namedSchemas) add(answers, schema, id);
  return { answers, requests, names };
}

function componentSchemas({ answers, requests }: ReturnType<typeof register>): Json {
  const uri = (id: string): string => componentPath(id);
  const target = 'draft-2020-12';
  const made = [
    z.toJSONSchema(answers, { uri, target, io: 'output', override: openEnded, unrepresentable: 'throw' }),
    z.toJSONSchema(requests, { uri, target, io: 'input', unrepresentable: 'throw' }),
  ];
  return Object.fromEntries(made.flatMap(({ schemas }) => Object.entries(schemas)).filter(([id]) => id !== '__shared').map(([id, schema]) => [id, withoutIdentity(schema)]));
}

function parameters(row: Route): Json[] {
  const of = (place: 'path' | 'query', schema: z.ZodType | null): Json[] => {
    if (schema === null) return [];
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
    return Object.entries(properties).map(([name, property]) => ({ name, in: place, required: place === 'path' || required.includes(name), schema: property }));
  };
  const header = (name: string, description: string): Json => ({ name, in: 'header', required: false, schema: { type: 'string', maxLength: 128 }, description });
  return [
    ...of('path', row.params),
    ...of('query', row.query),
    ...(row.idempotent === true ? [header('Idempotency-Key', 'A repeated request with the same key and body gets the first answer')] : []),
    ...(row.ifMatch === true ? [header('If-Match', 'The latest version known to the client; another one is refused')] : []),
  ];
}

function requestBody(row: Route, names: Map<z.ZodType, string>): Json | undefined {
  if (row.body === null) return undefined;
  const content = Object.entries(row.body.media).map(([type, { schema }]) => {
    const name = schema === null ? undefined : names.get(schema);
    const raw = type.includes('yaml') ? { type: 'string' } : { type: 'string', format: 'binary' };
    return [type, { schema: name === undefined ? raw : { $ref: componentPath(name) } }];
  });
  return { required: row.body.required, content: Object.fromEntries(content) };
}

/** Codes that the router itself may answer for such a row, and the row's own. */
export function codesOf(row: Route): ErrorCode[] {
  const codes: (ErrorCode | false)[] = [
    row.right !== 'public' && 'auth_error',
    (row.right !== 'public' || isMutation(row.method)) && 'permission_denied',
    row.params !== null && 'not_found',
    (row.params !== null || row.query !== null || row.body !== null) && 'validation_error',
    row.body !== null && 'payload_too_large',
    row.body !== null && 'unsupported_media_type',
    row.idempotent === true && 'conflict',
    'unavailable',
    'internal',
    ...(row.errors ?? []),
  ];
  return [...new Set(codes.filter((code) => code !== false))];
}

function errorResponses(row: Route): Json {
  const byStatus = grouped(codesOf(row), (code) => errorCodes[code].status);
  const content = { 'application/problem+json': { schema: { $ref: componentPath('Problem') } } };
  return Object.fromEntries([...byStatus].map(([status, codes]) => [String(status), { description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('; '), content }]));
}

function success(row: Route, names: Map<z.ZodType, string>): Json {
  const name = row.response === null ? undefined : names.get(row.response);
  const json = name === undefined ? {} : { 'application/json': { schema: { $ref: componentPath(name) } } };
  const text = Object.fromEntries((row.produces ?? []).map((type) => [type, { schema: { type: 'string' } }]));
  const content = row.produces === undefined ? json : text;
  const described = (description: string): Json => (Object.keys(content).length === 0 ? { description } : { description, content });
  const others = Object.entries(row.alsoAnswers ?? {}).map(([status, description]) => [status, described(description)]);
  return { [String(row.status ?? 200)]: described(row.summary), ...Object.fromEntries(others) };
}

function operation(row: Route, names: Map<z.ZodType, string>): Json {
  const body = requestBody(row, names);
  const schemes = row.peopleOnly === true ? [{ session: [] }] : [{ session: [] }, { key: [] }];
  return {
    operationId: row.operationId,
    tags: [row.tag],
    summary: row.summary,
    security: row.right === 'public' ? [] : schemes,
    'x-right': row.right,
    ...(row.audit === undefined ? {} : { 'x-audit': row.audit.action }),
    parameters: parameters(row),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...errorResponses(row), ...success(row, names) },
  };
}

function paths(routes: readonly Route[], names: Map<z.ZodType, string>): Json {
  const byPath = grouped(routes, ({ path }) => path);
  return Object.fromEntries([...byPath].map(([path, rows]) => [path, Object.fromEntries(rows.map((row) => [row.method, operation(row, names)]))]));
}

export function openapiDocument(routes: readonly Route[] = table): object {
  const registered = register(routes);
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: { title: 'Maestro', version: '0.1.0', description: 'Deploys named, versioned bundles of YAML to many Linux hosts. Errors are problem+json with a stable `code` and a `suggested_fix`.' },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: paths(routes, registered.names),
    components: {
      schemas: componentSchemas(registered),
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'session' },
        key: { type: 'http', scheme: 'bearer', description: 'An API key, `mae_…`' },
      },
    },
  };
}
