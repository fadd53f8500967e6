import { z } from 'zod';
import { revokeNode } from '../../control/identity/index.js';
import { setAllowed } from '../../control/host-policy/index.js';
import { getNode, listNodes } from '../../control/nodes/index.js';
import { getNodeDetail } from '../../control/observed/index.js';
import { permissionMeanings, permissions } from '../../spec/host-policy/permissions.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { idOf, named, pageOf, pageQuery } from '../schemas/common.js';
import { nodeDetail, nodeItem } from '../schemas/nodes.js';

const changes = z.strictObject({
  allow: z.array(z.enum(permissions)).max(permissions.length).describe(`What documents may ask of this node, in place of what was allowed before: ${permissions.map((one) => `\`${one}\`: ${permissionMeanings[one]}`).join('; ')}`),
});

export const nodeRoutes = [
  route({
    method: 'get', path: '/api/nodes', operationId: 'listNodes', tag: 'nodes', summary: 'The fleet: hosts that have said hello, and whether they still do', right: 'node.read', narrowed: 'query',
    query: z.strictObject(pageQuery), response: named('NodePage', pageOf(nodeItem)),
    handler: ({ actor, context: { db }, query }) => listNodes(db, query, actor.scope),
  }),
  route({
    method: 'get', path: '/api/nodes/{id}', operationId: 'getNode', tag: 'nodes', summary: 'One host: what it has, what it may be asked for, until when its certificate is good, and everything that is deployed to it', right: 'node.read',
    params: z.strictObject({ id: idOf('nod') }), response: nodeDetail,
    handler: ({ actor, context: { db }, params }) => getNodeDetail(db, actor, params.id),
  }),
  route({
    method: 'patch', path: '/api/nodes/{id}', operationId: 'changeNode', tag: 'nodes', summary: 'Allow what documents may ask of a host beyond the ordinary, or take it back', right: 'node.enroll',
    audit: { action: 'node.allow', by: 'control' }, params: z.strictObject({ id: idOf('nod') }), body: jsonBody(changes), response: nodeItem,
    async handler({ actor, context: { db }, params, body }) {
      await setAllowed(db, actor, params.id, body.allow);
      return getNode(db, params.id);
    },
  }),
  route({
    method: 'delete', path: '/api/nodes/{id}', operationId: 'revokeNode', tag: 'nodes', summary: 'Revoke a host: its certificate is worth nothing from now on, what it has open is cut, and its name is free', right: 'node.revoke',
    audit: { action: 'node.revoke', by: 'control' }, params: z.strictObject({ id: idOf('nod') }), status: 204, response: null,
    handler: async ({ actor, context: { db }, params }) => revokeNode(db, actor, params.id),
  }),
];
