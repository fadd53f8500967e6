/** The other questions of `/host/v1`: what to look after, and what is seen of it. One try each; the watch comes again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { PlacementSeen, WatchedVersion } from '../../spec/drift.js';
import { MaestroError } from '../../spec/errors.js';
import type { LogLine } from '../logs/lines.js';
import { PassingTrouble } from '../trouble.js';
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

export interface LogBatch { request: string; position: number; lines: readonly LogLine[] }
export interface LogPlane { /** False: nobody listens any more. Tried a few times; the same batch twice counts once. */ logs(batch: LogBatch): Promise<boolean> }

const logTries = 4;
const firstRetryMs = 200;

export function connectLogPlane(options: ControlPlaneOptions): LogPlane {
  const { timeoutMs = 10_000 } = options;
  const path = '/host/v1/logs';
  return {
    async logs(batch) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const response = await send(options, path, batch, AbortSignal.timeout(timeoutMs));
          if (response.status === 404) return false;
          if (response.status >= 500) throw new PassingTrouble(`the control plane answered ${String(response.status)}`);
          await expectAccepted(path, response);
          return true;
        } catch (error) {
          if (!(error instanceof PassingTrouble) || attempt === logTries) throw error;
          await sleep(firstRetryMs * 2 ** (attempt - 1));
        }
      }
    },
  };
}
