/** Which container the published ports of a placement lead to, for placements that the host's own rules publish. */
import { z } from 'zod';

const portMapping = z.object({ ip: z.string(), host_port: z.number(), container_port: z.number(), protocol: z.enum(['tcp', 'udp']) });

export const publication = z.object({
  deploy_id: z.string(), component: z.string(), ports: z.array(portMapping),
  /** Id of the container that serves. */
  container: z.string(),
  /** Id of the one before it, which keeps the connections that it has; null when it is gone. */
  draining: z.string().nullable(),
});
export type Publication = z.infer<typeof publication>;

export const publications = z.object({ format: z.literal(1), published: z.array(publication) });
