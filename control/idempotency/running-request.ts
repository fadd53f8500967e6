/** The request with an Idempotency-Key that code runs for. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface RunningRequest {
  actorId: string;
  key: string;
  /** Of this run of it; another run may have taken it over. */
  claim: string;
  /** What the transactions of earlier runs have answered, in their order. */
  effects: unknown[];
  /** Which transaction comes next. */
  next: number;
}

const running = new AsyncLocalStorage<RunningRequest>();

export const asRequest = <T>(request: RunningRequest, work: () => Promise<T>): Promise<T> => running.run(request, work);
export const runningRequest = (): RunningRequest | undefined => running.getStore();
