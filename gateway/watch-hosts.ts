/** Makes a host's silence an event. Runs wherever hellos arrive; any number of processes may, each silence is told once. */
import { sweepNodes } from '../control/nodes/index.js';
import type { PrismaClient } from '../prisma/client.js';

const everyMs = 3_000;

/** Returns the function that ends it. An error is told to `onError`, and the next round comes. */
export function watchHosts(db: PrismaClient, onError: (error: unknown) => void): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    await sweepNodes(db).catch(onError).finally(() => { looking = false; });
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
