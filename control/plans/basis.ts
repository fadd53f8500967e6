/** What a plan rests on beside what its hosts have seen: the version's graph, the secrets it was rendered with, and the deploy's past. */
import { z } from 'zod';
import { documentGraph } from '../../spec/graph.js';
import { canonicalJson, sha256Hex } from '../../spec/hash.js';
import { packGraph } from '../../spec/packed-graph.js';
import { storedDocument } from '../documents/stored-document.js';

const planBasis = z.object({
  /** Path → number of the version, for every secret that the version names. */
  secrets: z.record(z.string(), z.int()),
  /** Digest of the order in which placements are brought up. */
  order: z.string(),
  /** How many rollouts the deploy had, and the one that was open. */
  rollouts: z.int(),
  open_rollout: z.string().nullable(),
});
export type PlanBasis = z.infer<typeof planBasis>;

/** Null for a plan that was made before plans could be applied. */
export const readBasis = (column: unknown): PlanBasis | null => (column === null ? null : planBasis.parse(column));

export const orderDigest = (yaml: string, name: string): string => sha256Hex(canonicalJson(packGraph(documentGraph(storedDocument(yaml, name)))));
