/** The other questions of `/host/v1`: what to look after, and what is seen of it. One try each; the watch comes again. */
import { z } from 'zod';
import type { PlacementSeen, WatchedVersion } from '../../spec/drift.js';
import { MaestroError } from '../../spec/errors.js';
import { type ControlPlaneOptions, expectAccepted, readJson, refusal, send } from './client.js';
import { desiredPlacement } from './desired-answer.js';

/** `versions`: absent when they are those of the digest that was given. */
export interface WatchedAnswer { digest: string; versions?: WatchedVersion[] | undefined }
export interface StatesMessage { stream: string; sequence: number; states: readonly PlacementSeen[] }

export interface WatchPlane {
  watched(known: string | null, signal: AbortSignal): Promise<WatchedAnswer>;
  states(message: StatesMessage, signal: AbortSignal): Promise<void>;
}

const watchedAnswer = z.object({
  digest: z.string(),
  versions: z.array(z.object({ deploy_id: z.string().min(1), version: z.number().int(), role: z.enum(['active', 'rolling', 'last']), placements: z.array(desiredPlacement) })).optional(),
});

export function connectWatchPlane(options: ControlPlaneOptions): WatchPlane {
  const { timeoutMs = 10_000 } = options;
  const request = (path: string, signal: AbortSignal, body?: unknown): Promise<Response> => send(options, path, body, AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]));
  return {
    async watched(known, signal) {
      const path = `/host/v1/watched${known === null ? '' : `?known=${known}`}`;
      const response = await request(path, signal);
      if (!response.ok) throw await refusal(path, response);
      const answer = watchedAnswer.safeParse(await readJson(response));
      if (answer.success) return answer.data;
      throw new MaestroError('internal', 'the control plane\'s answer to what is to be looked after cannot be read', { fix: 'Install the same version of Maestro on the control plane and on this host.', cause: answer.error });
    },
    async states(message, signal) {
      await expectAccepted('/host/v1/states', await request('/host/v1/states', signal, message));
    },
  };
}
