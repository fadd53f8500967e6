/** What narrows a role or a key, as it is stored and sent. A part that is absent does not narrow; an empty list leaves nothing. */
import { z } from 'zod';

const hostTag = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._:-]{0,61}[A-Za-z0-9])?$/, 'Not a tag: letters, digits and . _ : - inside, 63 at most');
const deployId = z.string().regex(/^dpl_[A-Za-z0-9_-]{16,64}$/, 'Not the id of a deploy');

export const hostTags = z.array(hostTag).max(100);

export const grantsSchema = z.strictObject({
  deploys: z.array(deployId).max(1000).optional().describe('These deploys alone'),
  host_tags: hostTags.optional().describe('Hosts that have one of these tags alone, and deploys that are on such hosts alone'),
});
export const limitsSchema = grantsSchema.extend({
  plan_only: z.boolean().optional().describe('May diff, and never change anything on a host'),
  hosts_per_day: z.int().min(1).max(1_000_000).optional().describe('How many different hosts it may act on in a day (UTC)'),
});

export type Grants = z.infer<typeof grantsSchema>;
export type Limits = z.infer<typeof limitsSchema>;

const nothing = { deploys: [], host_tags: [] };

/** What cannot be read narrows to nothing. */
export const readGrants = (value: unknown): Grants => grantsSchema.safeParse(value).data ?? nothing;
export const readLimits = (value: unknown): Limits => limitsSchema.safeParse(value).data ?? { ...nothing, plan_only: true };

export const isNarrowing = ({ deploys, host_tags: tags }: Grants): boolean => deploys !== undefined || tags !== undefined;
