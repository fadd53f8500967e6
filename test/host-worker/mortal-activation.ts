/** One activation by a worker that can be killed or told to stop at its n-th point; it hangs for ever where it is killed. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createHostActivities } from '../../host-worker/activities.js';
import type { ActivateResult, PlacementWork, StepFailure } from '../../workflows/shared.js';
import type { MemoryHost } from './memory-host.js';

export type End = { ended: 'killed' } | { ended: 'well'; result: ActivateResult } | { ended: 'failed'; failure: StepFailure } | { ended: 'repeat' } | { ended: 'cancelled' };

export interface Mortality {
  killAt: number | null;
  cancelAt: number | null;
  /** At every point, before anything happens there. */
  atPoint(point: number, name: string): Promise<void> | void;
}

export function activateMortally(host: MemoryHost, asked: Pick<PlacementWork, 'run_id' | 'attempt' | 'hold_switch' | 'take_back'>, { killAt, cancelAt, atPoint }: Mortality): Promise<End> {
  let point = 0;
  let die = (): void => undefined;
  const cancel = new AbortController();
  const killed = new Promise<End>((resolve) => { die = () => resolve({ ended: 'killed' }); });
  const fault = async (name: string): Promise<void> => {
    point += 1;
    const here = point;
    await atPoint(here, name);
    if (here === cancelAt) cancel.abort(new CancelledFailure('CANCELLED'));
    if (here !== killAt) return;
    die();
    await new Promise<void>(() => undefined);
  };
  const activities = createHostActivities(host.worker(fault), () => ({ signal: cancel.signal, heartbeat: () => undefined, leaving: () => false }));
  const work: PlacementWork = { deploy_id: 'dpl_aaaaaaaaaaaaaaaa', version: 1, host: 'h1', component: 'web', ...asked };
  return Promise.race([killed, activities.activate(work).then((result): End => ({ ended: 'well', result }), endOf)]);
}

function endOf(error: unknown): End {
  if (error instanceof CancelledFailure) return { ended: 'cancelled' };
  if (error instanceof ApplicationFailure && error.nonRetryable !== true) return { ended: 'repeat' };
  if (error instanceof ApplicationFailure) return { ended: 'failed', failure: error.details?.[0] as StepFailure };
  throw error;
}

/** Something for health checks to find: a port on loopback that takes connections. */
export class OpenPort {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<OpenPort> {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new OpenPort(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
  }
}

/** Images that every schedule plays with: four that serve, and one that dies. */
export function withImages<Host extends Pick<MemoryHost, 'engine'>>(host: Host): Host {
  for (const version of [1, 2, 3, 4]) host.engine.images.set(`good:${String(version)}`, { id: `sha256:good${String(version)}`, behaviour: 'serves' });
  host.engine.images.set('bad:2', { id: 'sha256:bad2', behaviour: 'dies' });
  return host;
}
