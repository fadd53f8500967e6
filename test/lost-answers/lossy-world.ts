/** A whole Maestro with two hosts, in which one in ten answers that matter is lost between any two of its parts. */
import { startWorld, type World } from '../rollouts/world.js';
import { Chance, type Count } from './chance.js';
import { dockerCounts, proxiedSocket, startDockerLines } from './docker-lines.js';
import { startGitServer, type GitServer } from './git-server.js';
import { proxyGateway } from './gateway-line.js';
import { httpProxy } from './http-proxy.js';
import { LossyClient } from './lossy-client.js';
import { listening, proxyDatabase, type Proxy } from './postgres-proxy.js';
import { proxyTemporal } from './temporal-proxy.js';

export interface LossyWorld {
  readonly world: World;
  /** Asks over a line that loses answers, and asks again under the same key. */
  readonly client: LossyClient;
  readonly git: GitServer;
  /** Of the database itself, past the lossy line. */
  readonly databaseUrl: string;
  /** How many answers of each kind were lost so far, by what was asked. */
  counts(): Promise<Record<string, Record<string, Count>>>;
  stop(): Promise<void>;
}

const hosts = ['h1', 'h2'];

/** Everything a client sends to the API to have it changed. */
function apiKind(method: string, path: string): string | null {
  if (method === 'GET') return null;
  const words = path.split('?')[0]?.split('/').filter((word) => !/^[a-z]{3}_|^\d+$/.test(word)).slice(1) ?? [];
  return path.startsWith('/api/auth') ? null : words.join('/');
}

export async function startLossyWorld(seed: number, rate: number): Promise<LossyWorld> {
  const chance = { database: new Chance(seed, rate), temporal: new Chance(seed + 1, rate), api: new Chance(seed + 2, rate), git: new Chance(seed + 3, rate), gateway: new Chance(seed + 5, rate) };
  const proxies: Proxy[] = [];
  const opened = async (proxy: Promise<Proxy>): Promise<number> => {
    const { port, stop } = await proxy;
    proxies.push({ port, stop });
    return port;
  };
  let databaseUrl = '';
  const stopProxies = (): Promise<unknown> => Promise.all(proxies.splice(0).map(({ stop }) => stop()));
  const world = await startWorld(hosts, {
    prepare: (fleet) => startDockerLines(fleet.hosts, seed + 4, rate),
    through: async (direct) => {
      databaseUrl = direct.databaseUrl;
      const url = new URL(direct.databaseUrl);
      url.port = String(await opened(proxyDatabase(Number(url.port), chance.database)));
      const port = await opened(proxyTemporal(Number(direct.temporalAddress.split(':').at(-1)), chance.temporal));
      return { databaseUrl: url.href, temporalAddress: `127.0.0.1:${String(port)}` };
    },
    gatewayPort: (port) => opened(proxyGateway(port, chance.gateway)),
    workerEnvironment: { DOCKER_HOST: `unix://${proxiedSocket}` },
  }).catch(async (error: unknown) => {
    await stopProxies();
    throw error;
  });
  const git = await startGitServer(world.fleet.gatewayAddress, world.fleet.hosts, chance.git);
  const apiPort = await opened(listening(httpProxy({ host: '127.0.0.1', port: Number(new URL(world.stack.url).port) }, chance.api, apiKind), '127.0.0.1', () => undefined));
  for (const one of Object.values(chance)) one.armed = true;
  return {
    world, git, databaseUrl, client: new LossyClient(`http://127.0.0.1:${String(apiPort)}`, world.api),
    async counts() {
      const docker = Object.fromEntries(await Promise.all(world.fleet.hosts.map(async (host) => [`docker of ${host.id}`, await dockerCounts(host)] as const)));
      return { ...Object.fromEntries(Object.entries(chance).map(([name, { counts }]) => [name, counts])), ...docker };
    },
    async stop() {
      await world.stop();
      await Promise.all([stopProxies(), git.stop()]);
    },
  };
}
