/** What describes the API and the language to other programs. */
import { z } from 'zod';
import { documentJsonSchema } from '../../spec/document/json-schema.js';
import { route } from '../route.js';
import { named } from '../schemas/common.js';

export const describeRoutes = [
  route({
    method: 'get', path: '/api/openapi.json', operationId: 'getOpenapi', tag: 'health', summary: 'This description', right: 'public',
    response: named('OpenapiDocument', z.looseObject({ openapi: z.string() })),
    handler: ({ context }) => Promise.resolve({ openapi: '', ...context.openapi() }),
  }),
  route({
    method: 'get', path: '/api/schema/deployment.json', operationId: 'getDeploymentSchema', tag: 'health', summary: 'JSON Schema of the deploy document, for editors', right: 'public',
    response: named('DeploymentSchema', z.looseObject({ $schema: z.string() })),
    handler: () => Promise.resolve(documentJsonSchema()),
  }),
];
