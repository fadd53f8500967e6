import { z } from 'zod';
import { listNodes } from '../../control/nodes/index.js';
import { route } from '../route.js';
import { named, pageOf, pageQuery } from '../schemas/common.js';
import { nodeItem } from '../schemas/nodes.js';

export const nodeRoutes = [
  route({
    method: 'get', path: '/api/nodes', operationId: 'listNodes', tag: 'nodes', summary: 'The fleet: hosts that have said hello, and whether they still do', right: 'node.read', narrowed: 'query',
    query: z.strictObject(pageQuery), response: named('NodePage', pageOf(nodeItem)),
    handler: ({ actor, context: { db }, query }) => listNodes(db, query, actor.scope),
  }),
];
