/** The tags by which grants and limits name hosts. */
import { z } from 'zod';
import { getHostTags, hostTags, setHostTags } from '../../control/access/index.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { idOf, named } from '../schemas/common.js';

const params = z.strictObject({ id: idOf('nod') });
const response = named('HostTags', z.object({ node_id: z.string(), name: z.string(), tags: z.array(z.string()) }));

export const hostTagRoutes = [
  route({
    method: 'get', path: '/api/nodes/{id}/tags', operationId: 'getHostTags', tag: 'nodes', summary: 'The tags by which grants and limits name a host', right: 'node.read', params, response,
    handler: ({ context: { db }, params: { id } }) => getHostTags(db, id),
  }),
  route({
    method: 'put', path: '/api/nodes/{id}/tags', operationId: 'setHostTags', tag: 'nodes', summary: 'Give a host its tags, in place of those it has', right: 'user.manage', peopleOnly: true,
    audit: { action: 'node.set_tags', by: 'control' }, params, body: jsonBody(z.strictObject({ tags: hostTags })), response,
    handler: ({ actor, context: { db }, params: { id }, body: { tags } }) => setHostTags(db, actor, id, tags),
  }),
];
