/** Which container or unit the published ports of a placement lead to, for placements that the host's own rules publish. */
import { z } from 'zod';

const portMapping = z.object({ ip: z.string(), host_port: z.number(), container_port: z.number(), protocol: z.enum(['tcp', 'udp']) });

export const publication = z.object({
  deploy_id: z.string(), component: z.string(), ports: z.array(portMapping),
  /** Id of the container that serves, or the name of the unit. */
  container: z.string(),
  /** The one before it, which keeps the connections that it has; null when it is gone. */
  draining: z.string().nullable(),
  /** A unit serves, on ports of this host itself. */
  unit: z.literal(true).optional(),
});
export type Publication = z.infer<typeof publication>;

/** The ports that the two units of a placement listen on, for as long as it has them. */
const slotPair = z.object({ deploy_id: z.string(), component: z.string(), blue: z.number(), green: z.number() });

export const publications = z.object({ format: z.literal(1), published: z.array(publication), slots: z.array(slotPair).default([]) });
export type Publications = z.infer<typeof publications>;
