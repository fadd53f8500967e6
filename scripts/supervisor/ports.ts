import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { StartError, reason } from './errors.js';
import { writeWhole } from './files.js';

/** Binds and lets go again: the port that was given (0 asks for any), or why it cannot be had. */
function probe(port: number, host: string): Promise<{ port: number } | { error: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve({ port: bound }));
    });
  });
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const result = await probe(0, host);
  if ('port' in result) return result.port;
  throw new StartError(`no free port on ${host} (${result.error})`, 'check the network settings of this machine', host);
}

/** A port the operator knows by number must be free; otherwise one message says who cannot start and what to set. */
export async function requirePort(who: string, port: number, host: string, variable: string): Promise<void> {
  const result = await probe(port, host);
  if ('port' in result) return;
  if (result.error === 'EADDRINUSE') throw new StartError(`port ${port} is already in use, ${who} cannot start`, `stop the program that uses it, or set ${variable} to another port`, `${host}:${port}`);
  if (result.error === 'EACCES') throw new StartError(`port ${port} is not allowed for this user, ${who} cannot start`, `set ${variable} to a port above 1023`, `${host}:${port}`);
  throw new StartError(`${who} cannot listen on ${host}:${port} (${result.error})`, 'set MAESTRO_HOST to an address of this machine', `${host}:${port}`);
}

/** Ports nobody needs to know by number: chosen once, kept in the data folder, chosen anew when taken by somebody else. */
export class RememberedPorts {
  private readonly path: string;
  private readonly ports: Record<string, number>;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'ports.json');
    this.ports = this.read();
  }

  async get(name: string, host: string, preferred?: number): Promise<number> {
    for (const candidate of [this.ports[name], preferred]) {
      if (candidate && 'port' in (await probe(candidate, host))) return this.keep(name, candidate);
    }
    return this.keep(name, await freePort(host));
  }

  private keep(name: string, port: number): number {
    if (this.ports[name] !== port) {
      this.ports[name] = port;
      writeWhole(this.path, JSON.stringify(this.ports));
    }
    return port;
  }

  private read(): Record<string, number> {
    if (!existsSync(this.path)) return {};
    try {
      const parsed: unknown = JSON.parse(readFileSync(this.path, 'utf8'));
      if (typeof parsed !== 'object' || parsed === null) return {};
      return Object.fromEntries(Object.entries(parsed).filter((entry): entry is [string, number] => Number.isInteger(entry[1])));
    } catch (error) {
      throw new StartError(`the list of ports cannot be read (${reason(error)})`, 'delete the file; new ports are chosen', this.path);
    }
  }
}
