/** Enrollments: permissions for hosts to come in. The token is answered once, with the command that uses it. */
import { z } from 'zod';
import { createEnrollment, listEnrollments, longestTtlSeconds, mostUses, revokeEnrollment, standardTtlSeconds } from '../../control/identity/index.js';
import { enrollmentProgress } from '../../control/identity/enrollment-progress.js';
import type { HostsDoor } from '../context.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { idOf, named, pageOf, pageQuery } from '../schemas/common.js';
import { enrollmentCreated, enrollmentDetail, enrollmentItem } from '../schemas/nodes.js';

const request = z.strictObject({
  host: z.string().min(1).max(63).default('*').describe('The name of the host, or a pattern with `*`'),
  uses: z.int().min(1).max(mostUses).default(1),
  ttl_seconds: z.int().min(60).max(longestTtlSeconds).default(standardTtlSeconds),
  replace: z.boolean().default(false).describe('May take the name of a living host, which is cut off by that; needs node.revoke'),
});

/** The token goes down the pipe, ahead of the script: arguments are seen by everybody on the host, and sudo logs the environment it is told to keep. */
const commandOf = ({ url, installUrl }: HostsDoor, digest: string, token: string, host: string): string =>
  `{ echo "MAESTRO_ENROLL_TOKEN='${token}'"; curl -fsSL ${installUrl}; } | sudo sh -s -- --gateway ${url} --ca-digest ${digest}${host.includes('*') ? '' : ` --name ${host}`}`;

export const enrollmentRoutes = [
  route({
    method: 'post', path: '/api/enrollments', operationId: 'createEnrollment', tag: 'nodes', summary: 'Let hosts in; the answer shows the token, this once', right: 'node.enroll',
    audit: { action: 'enrollment.create', by: 'control' }, body: jsonBody(request), status: 201, response: enrollmentCreated,
    async handler({ actor, context: { db, hostsDoor }, body }) {
      const ca_digest = await hostsDoor.caDigest();
      const made = await createEnrollment(db, actor, body);
      return { ...made, gateway_url: hostsDoor.url, ca_digest, command: commandOf(hostsDoor, ca_digest, made.token, body.host) };
    },
  }),
  route({
    method: 'get', path: '/api/enrollments', operationId: 'listEnrollments', tag: 'nodes', summary: 'The enrollments there are, newest first; never their tokens', right: 'node.enroll',
    query: z.strictObject(pageQuery), response: named('EnrollmentPage', pageOf(enrollmentItem)),
    handler: ({ context: { db }, query }) => listEnrollments(db, query),
  }),
  route({
    method: 'get', path: '/api/enrollments/{id}', operationId: 'getEnrollment', tag: 'nodes', summary: 'How far an enrollment has come: who came in by it, who has spoken since, what was refused last', right: 'node.enroll',
    params: z.strictObject({ id: idOf('enr') }), response: enrollmentDetail,
    handler: async ({ context: { db, hostsDoor }, params }) => ({ ...(await enrollmentProgress(db, params.id)), gateway_url: hostsDoor.url }),
  }),
  route({
    method: 'delete', path: '/api/enrollments/{id}', operationId: 'revokeEnrollment', tag: 'nodes', summary: 'Let nobody in by it any more', right: 'node.enroll',
    audit: { action: 'enrollment.revoke', by: 'control' }, params: z.strictObject({ id: idOf('enr') }), status: 204, response: null,
    handler: async ({ actor, context: { db }, params }) => revokeEnrollment(db, actor, params.id),
  }),
];
