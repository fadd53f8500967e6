/** A line to a server that can be cut and mended: what a lost network or a stopped database is like for a client. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createPrisma } from '../../prisma/client.js';
import type { DatabaseServer } from '../control/database.js';

/** `cut` is also how a line is put away. */
export interface Line { port: number; cut(): Promise<void>; mend(): Promise<void> }

export async function lineTo(target: number): Promise<Line> {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => undefined).on('close', () => { ends.delete(end); near.destroy(); far.destroy(); });
    }
    near.pipe(far).pipe(near);
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    mend: () => listen(port),
    async cut() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const end of ends) end.destroy();
      await closed;
    },
  };
}

/** The same databases, reached over a line. */
export async function behindLine(server: DatabaseServer): Promise<{ server: DatabaseServer; line: Line }> {
  const line = await lineTo(Number(new URL(server.url).port));
  const freshDatabase: DatabaseServer['freshDatabase'] = async () => {
    const direct = await server.freshDatabase();
    await direct.close();
    const url = new URL(direct.url);
    url.port = String(line.port);
    const db = createPrisma(url.href);
    return { url: url.href, db, close: () => db.$disconnect() };
  };
  return { line, server: { ...server, freshDatabase } };
}
