/**
 * One worker per state folder. The lock is an abstract socket: the kernel lets go of it with the process, however
 * that ends, so there is no stale lock to judge.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../spec/errors.js';
import { systemCode } from './trouble.js';

const pollMs = 250;

/** Waits for the one before to end, at most `patienceMs`. The lock is held until the server is closed or the process ends. */
export async function lockState(stateFolder: string, patienceMs: number): Promise<Server> {
  const name = `\0maestro-host-worker-${createHash('sha256').update(await realpath(stateFolder)).digest('hex').slice(0, 32)}`;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const server = await listen(name);
    if (server !== null) return server;
    if (performance.now() > deadline) {
      throw new MaestroError('conflict', `another host worker is using ${stateFolder}`, { fix: 'Stop it, or give this one another MAESTRO_STATE.' });
    }
    await sleep(pollMs);
  }
}

function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void socket.destroy());
    server.once('error', (error) => {
      if (systemCode(error) === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}
