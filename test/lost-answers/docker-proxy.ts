/** Runs on a host, between the host worker and Docker. Arguments: seed, rate, socket to listen on. GET /_lost tells the counts. */
import { rmSync } from 'node:fs';
import { Chance } from './chance.js';
import { httpProxy } from './http-proxy.js';

const docker = { socketPath: '/var/run/docker.sock' };

/** `POST /containers/<id>/start` → `containers/start`; questions have no kind. */
export function dockerKind(method: string, path: string): string | null {
  if (method === 'GET' || method === 'HEAD') return null;
  const [first = '', second = '', verb] = path.split('?')[0]?.replace(/^\/v[\d.]+/, '').slice(1).split('/') ?? [];
  if (first === 'exec' || verb === 'exec' || first === '_ping') return null;
  return `${method === 'DELETE' ? 'delete ' : ''}${first}/${verb ?? (second === 'create' || second === 'prune' ? second : method === 'DELETE' ? '' : 'create')}`.replace(/\/$/, '');
}

export function main([seed = '1', rate = '0.1', path = '']: readonly string[]): void {
  const chance = new Chance(Number(seed), Number(rate));
  chance.armed = true;
  rmSync(path, { force: true });
  httpProxy(docker, chance, dockerKind).listen(path);
}
