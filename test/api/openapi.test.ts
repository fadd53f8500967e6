import Ajv2020 from 'ajv/dist/2020.js';
import { z } from 'zod';
import { openapiDocument } from '../../api/openapi.js';
import { routes } from '../../api/routes/index.js';
import { documentJsonSchema } from '../../spec/document/json-schema.js';
import { useApi } from './harness.js';

const operation = z.looseObject({
  operationId: z.string(), summary: z.string().min(3), security: z.array(z.record(z.string(), z.array(z.string()))), 'x-right': z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), schema: z.looseObject({}) })),
  requestBody: z.looseObject({ content: z.record(z.string(), z.object({ schema: z.looseObject({}) })) }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content: z.record(z.string(), z.object({ schema: z.looseObject({}) })).optional() })),
});
const description = z.looseObject({
  openapi: z.literal('3.1.0'), paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});
const document = description.parse(openapiDocument());
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, facts]) => ({ name: `${method} ${path}`, ...facts })));

const refsIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === '$ref' && typeof member === 'string' ? [member] : refsIn(member)));
};

describe('the OpenAPI document', () => {
  const context = useApi({ empty: true });

  it('has exactly the operations that are mounted', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('names for every operation its right, its security and its refusals as Problems', () => {
    for (const { name, security, responses, 'x-right': right } of operations) {
      expect([name, security.length === 0]).toEqual([name, right === 'public']);
      // Not ready is an answer of its own, in the shape of ready.
      const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400 && !(name === 'get /readyz' && status === '503'));
      expect([name, refusals.length > 0]).toEqual([name, true]);
      for (const [, { content }] of refusals) expect(content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    }
  });

  it('declares every parameter of every path', () => {
    for (const { name, parameters } of operations) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect([name, parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)]).toEqual([name, inPath]);
    }
  });

  it('has only references that lead somewhere', () => {
    const refs = new Set(refsIn(document));
    expect(refs.size).toBeGreaterThan(10);
    for (const ref of refs) expect([ref, ref.slice('#/components/schemas/'.length) in document.components.schemas]).toEqual([ref, true]);
  });

  it('has schemas that are valid JSON Schema 2020-12', () => {
    const ajv = new Ajv2020.default({ strict: false, allErrors: true, validateFormats: false });
    // The document itself is the schemas' home, so that references between them resolve.
    ajv.addSchema({ $id: 'maestro', ...document }, 'maestro');
    const inline = operations.flatMap(({ parameters, requestBody, responses }) => [
      ...parameters.map(({ schema }) => schema),
      ...Object.values(requestBody?.content ?? {}).map(({ schema }) => schema),
      ...Object.values(responses).flatMap(({ content = {} }) => Object.values(content).map(({ schema }) => schema)),
    ]);
    for (const schema of [...Object.values(document.components.schemas), ...inline.filter((one) => !('$ref' in one))]) {
      expect([schema, ajv.validateSchema(schema), ajv.errors]).toEqual([schema, true, null]);
    }
    for (const name of Object.keys(document.components.schemas)) expect(ajv.getSchema(`maestro#/components/schemas/${name}`)).toBeDefined();
  });

  it('is served as it is made', async () => {
    const { status, body } = await context.api.ask('/api/openapi.json');
    expect(status).toBe(200);
    expect(body).toEqual(document);
  });

  it('stands beside the JSON Schema of the deploy document, which nobody has to sign in for', async () => {
    const { status, body } = await context.api.ask('/api/schema/deployment.json');
    expect(status).toBe(200);
    expect(body).toEqual(documentJsonSchema());
  });

  it('describes what is answered: a Problem fits its own schema', async () => {
    const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'maestro', ...document }, 'maestro');
    const { body } = await context.api.ask('/api/deploys');
    expect(ajv.validate('maestro#/components/schemas/Problem', body)).toBe(true);
  });
});
