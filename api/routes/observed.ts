/** What runs, as the hosts see it: observed states and drift. */
import { z } from 'zod';
import { getDrift } from '../../control/observed/index.js';
import { route } from '../route.js';
import { idOf } from '../schemas/common.js';
import { driftDetail } from '../schemas/observed.js';

export const observedRoutes = [
  route({
    method: 'get', path: '/api/deploys/{id}/drift', operationId: 'getDrift', tag: 'deploys', summary: 'Where reality left what was applied, field by field, as every host sees it', right: 'deploy.read',
    params: z.strictObject({ id: idOf('dpl') }), query: z.strictObject({ host: z.string().min(1).max(63).optional().describe('Default: every host') }), response: driftDetail,
    handler: async ({ context: { db }, params, query: { host } }) => {
      const drift = await getDrift(db, params.id);
      return host === undefined ? drift : { ...drift, placements: drift.placements.filter((placement) => placement.host === host) };
    },
  }),
];
