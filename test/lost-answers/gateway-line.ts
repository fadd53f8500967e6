/** A line to the gateway that is cut, now and then, when an answer comes: what it was is under TLS, and not for us to see. */
import { connect, createServer, type Socket } from 'node:net';
import type { Chance } from './chance.js';
import { listening, type Proxy } from './postgres-proxy.js';

/** With the connection every call on it is lost, polls too: a task that was on its way is missed after ten seconds. */
const cutRate = 0.01;

export function proxyGateway(targetPort: number, chance: Chance): Promise<Proxy> {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.setNoDelay(true);
      end.on('error', () => undefined).on('close', () => { ends.delete(end); near.destroy(); far.destroy(); });
    }
    near.pipe(far);
    far.on('data', (bytes: Buffer) => {
      if (!chance.loses('answer', cutRate)) return void near.write(bytes);
      chance.lost('answer');
      near.destroy();
    });
    far.on('end', () => near.end());
  });
  return listening(server, '0.0.0.0', () => { for (const end of ends) end.destroy(); });
}
