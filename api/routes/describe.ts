import { z } from 'zod';
import { route } from '../route.js';
import { named } from '../schemas/common.js';

export const describeRoutes = [
  route({
    method: 'get', path: '/api/openapi.json', operationId: 'getOpenapi', tag: 'health', summary: 'This description', right: 'public',
    response: named('OpenapiDocument', z.looseObject({ openapi: z.string() })),
    handler: ({ context }) => Promise.resolve({ openapi: '', ...context.openapi() }),
  }),
];
