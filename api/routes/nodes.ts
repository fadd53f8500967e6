import { z } from 'zod';
import { revokeNode } from '../../control/identity/index.js';
import { listNodes } from '../../control/nodes/index.js';
import { route } from '../route.js';
import { idOf, named, pageOf, pageQuery } from '../schemas/common.js';
import { nodeItem } from '../schemas/nodes.js';

export const nodeRoutes = [
  route({
    method: 'get', path: '/api/nodes', operationId: 'listNodes', tag: 'nodes', summary: 'The fleet: hosts that have said hello, and whether they still do', right: 'node.read',
    query: z.strictObject(pageQuery), response: named('NodePage', pageOf(nodeItem)),
    handler: ({ context: { db }, query }) => listNodes(db, query),
  }),
  route({
    method: 'delete', path: '/api/nodes/{id}', operationId: 'revokeNode', tag: 'nodes', summary: 'Revoke a host: its certificate is worth nothing from now on, what it has open is cut, and its name is free', right: 'node.revoke',
    audit: { action: 'node.revoke', by: 'control' }, params: z.strictObject({ id: idOf('nod') }), status: 204, response: null,
    handler: async ({ actor, context: { db }, params }) => revokeNode(db, actor, params.id),
  }),
];
