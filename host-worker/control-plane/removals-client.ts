/** What of a deploy stays on this host, for a run that removes the rest. */
import { z } from 'zod';
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { PassingTrouble } from '../trouble.js';
import { type ControlPlaneOptions, readJson, refusal, send } from './client.js';
import { desiredPlacement } from './desired-answer.js';

export interface RemovalAnswer { deploy_id: string; placements: DesiredPlacement[]; order: string[]; volumes: boolean }
/** One try: the activity is repeated when the control plane is away. */
export interface RemovalPlane { removals(run: string, signal: AbortSignal): Promise<RemovalAnswer> }

const removalAnswer = z.object({ deploy_id: z.string().min(1), placements: z.array(desiredPlacement), order: z.array(z.string()), volumes: z.boolean() });

export function connectRemovalPlane(options: ControlPlaneOptions): RemovalPlane {
  const { timeoutMs = 10_000 } = options;
  return {
    async removals(run, signal) {
      const path = `/host/v1/removals?run=${encodeURIComponent(run)}`;
      const response = await send(options, path, undefined, AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]));
      if (response.status >= 500) throw new PassingTrouble(`the control plane answered ${String(response.status)}`);
      if (!response.ok) throw await refusal(path, response);
      const answer = removalAnswer.safeParse(await readJson(response));
      if (answer.success) return answer.data;
      throw new MaestroError('internal', 'the control plane\'s answer to what stays cannot be read', { fix: 'Install the same version of Maestro on the control plane and on this host.', cause: answer.error });
    },
  };
}
