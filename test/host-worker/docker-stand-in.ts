/**
 * A Docker engine in memory, on a socket of its own: enough of the API for one placement's life, quick enough to
 * enumerate every point at which a worker can be killed. Real engines are tested in `crash-points.test.ts`; this
 * one adds a ledger of what must never happen.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';

const createBody = z.looseObject({
  Image: z.string(), Env: z.array(z.string()).default([]), Cmd: z.array(z.string()).nullish(), Labels: z.record(z.string(), z.string()).default({}),
  HostConfig: z.looseObject({ NetworkMode: z.string().default('default'), PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() }))).default({}) }),
});

interface Container {
  id: string; name: string; image: string; imageId: string; body: z.infer<typeof createBody>; networks: Set<string>;
  status: 'created' | 'running' | 'exited'; exitCode: number; startedAt: string; /** Another one with every start. */ ip: string;
}

interface Answer { status: number; body?: unknown }
const ok = (body: unknown): Answer => ({ status: 200, body });
const done: Answer = { status: 204 };
const refuse = (status: number, message: string): Answer => ({ status, body: { message } });
const neverStarted = '0001-01-01T00:00:00Z';

/** Images: `serves` stays up, `dies` exits with 1 as soon as it is started. */
export class DockerStandIn {
  readonly containers = new Map<string, Container>();
  readonly networks = new Set<string>();
  readonly volumes = new Set<string>();
  private readonly labels = new Map<string, Record<string, string>>();
  readonly images = new Map<string, { id: string; behaviour: 'serves' | 'dies' }>();
  readonly created: { name: string; attempt: string }[] = [];
  readonly violations: string[] = [];
  /** Connections are cut before (`lost`) or after (`unheard`) the request has its effect, for the next so many requests that change something. */
  cuts: ('lost' | 'unheard' | 'none')[] = [];
  /** What pulls of images that are not there answer, one after the other; the last line is the end. */
  pulls: { status?: number; events: object[]; makes?: string; neverEnds?: boolean }[] = [];
  pulled: string[] = [];
  private clock = 0;
  private serial = 0;

  private constructor(private readonly server: Server, readonly socketPath: string) {}

  static async start(socketPath: string): Promise<DockerStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const engine = new DockerStandIn(server, socketPath);
    server.on('request', (request, response) => void body(request).then((text) => {
      const changes = request.method !== 'GET';
      const cut = changes ? engine.cuts.shift() ?? 'none' : 'none';
      if (cut === 'lost') return request.socket.destroy();
      if (request.url?.startsWith('/images/create') === true) return engine.pull(new URL(request.url, 'http://docker').searchParams, response);
      const { status, body: answer } = engine.answer(request.method ?? '', new URL(request.url ?? '', 'http://docker'), text);
      if (cut === 'unheard') return request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer === undefined ? undefined : Buffer.isBuffer(answer) ? answer : JSON.stringify(answer));
    }));
    return engine;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  running(): Container[] {
    return [...this.containers.values()].filter(({ status }) => status === 'running');
  }

  private pull(query: URLSearchParams, response: ServerResponse): void {
    const separator = query.get('tag')?.includes(':') === true ? '@' : ':';
    this.pulled.push(`${query.get('fromImage') ?? ''}${separator}${query.get('tag') ?? ''}`);
    const { status = 200, events, makes, neverEnds = false } = this.pulls.shift() ?? { status: 404, events: [{ message: 'manifest unknown' }] };
    if (makes !== undefined) this.images.set(makes, { id: `sha256:${makes}`, behaviour: 'serves' });
    response.writeHead(status, { 'content-type': 'application/json' });
    for (const event of events) response.write(`${JSON.stringify(event)}\r\n`);
    if (!neverEnds) response.end();
  }

  private answer(method: string, url: URL, text: string): Answer {
    const [kind, name, verb] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const route = `${method} ${kind ?? ''}${verb === undefined ? '' : `/${verb}`}`;
    if (kind === '_ping') return ok('OK');
    if (url.pathname === '/containers/json') return ok([...this.containers.values()].map((container) => ({ Id: container.id, Names: [`/${container.name}`], State: container.status, Labels: container.body.Labels, Mounts: [], NetworkSettings: { Networks: Object.fromEntries([...container.networks].map((network) => [network, {}])) } })));
    if (url.pathname === '/containers/create') return this.create(url.searchParams.get('name') ?? '', createBody.parse(JSON.parse(text)));
    if (url.pathname === '/images/json') return ok([...this.images.values()].map(({ id }) => ({ Id: id })));
    if (kind === 'images' && name !== undefined) return this.inspectImage(url.pathname.slice('/images/'.length, -'/json'.length));
    if (kind === 'networks') return this.network(route, name ?? '', text);
    if (kind === 'volumes') return this.volume(route, name ?? '', text);
    const container = [...this.containers.values()].find(({ id, name: own }) => id === name || own === name);
    return container === undefined ? refuse(404, `No such container: ${name ?? ''}`) : this.act(route, container, url);
  }

  private act(route: string, container: Container, url: URL): Answer {
    switch (route) {
      case 'GET containers/json': return ok(inspect(container));
      case 'GET containers/logs': return ok(frame(`${container.image}: last words`));
      case 'POST containers/start': return container.status === 'running' ? { status: 304 } : this.startOne(container);
      case 'POST containers/restart': return this.startOne(container);
      case 'POST containers/stop':
        if (container.status !== 'running') return { status: 304 };
        Object.assign(container, { status: 'exited', exitCode: 0 });
        return done;
      case 'POST containers/rename': return this.rename(container, url.searchParams.get('name') ?? '');
      case 'DELETE containers':
        this.containers.delete(container.id);
        return done;
      default: return refuse(400, `not in the stand-in: ${route}`);
    }
  }

  private create(name: string, options: z.infer<typeof createBody>): Answer {
    if (this.isTaken(name)) return refuse(409, `The container name "/${name}" is already in use`);
    const image = this.images.get(options.Image);
    if (image === undefined) return refuse(404, `No such image: ${options.Image}`);
    this.serial += 1;
    const id = String(this.serial).padStart(64, '0');
    this.containers.set(id, { id, name, image: options.Image, imageId: image.id, body: options, networks: new Set([options.HostConfig.NetworkMode]), status: 'created', exitCode: 0, startedAt: neverStarted, ip: '' });
    this.created.push({ name, attempt: options.Labels['maestro.attempt'] ?? '' });
    return { status: 201, body: { Id: id } };
  }

  private startOne(container: Container): Answer {
    const port = portOf(container);
    const other = port === '' ? undefined : this.running().find((running) => running.id !== container.id && portOf(running) === port);
    if (other !== undefined) {
      this.violations.push(`${container.name} was started while ${other.name} was running`);
      return refuse(500, `driver failed: Bind for 0.0.0.0:${port} failed: port is already allocated`);
    }
    this.clock += 1;
    const lives = this.images.get(container.image)?.behaviour !== 'dies';
    Object.assign(container, { status: lives ? 'running' : 'exited', exitCode: lives ? 0 : 1, ip: `10.1.${String(this.clock >> 8)}.${String(this.clock & 255)}`, startedAt: new Date(Date.UTC(2030, 0, 1) + this.clock * 1000).toISOString() });
    return done;
  }

  private rename(container: Container, name: string): Answer {
    if (this.isTaken(name)) return refuse(409, `name ${name} is in use`);
    container.name = name;
    return done;
  }

  private isTaken(name: string): boolean {
    return [...this.containers.values()].some((container) => container.name === name);
  }

  private inspectImage(reference: string): Answer {
    const image = this.images.get(decodeURIComponent(reference)) ?? [...this.images.values()].find(({ id }) => id === decodeURIComponent(reference));
    return image === undefined ? refuse(404, 'No such image') : ok({ Id: image.id, Config: { Env: ['PATH=/bin'], Cmd: null } });
  }

  private volume(route: string, name: string, text: string): Answer {
    if (route === 'GET volumes' && name === '') return ok({ Volumes: [...this.volumes].map((own) => ({ Name: own, Labels: this.labels.get(`volume ${own}`) ?? {} })) });
    if (route === 'POST volumes') this.volumes.add(this.named('volume', text));
    return route === 'POST volumes' || this.volumes.has(name) ? ok({ Name: name }) : refuse(404, `no such volume: ${name}`);
  }

  private network(route: string, name: string, text: string): Answer {
    if (route === 'GET networks' && name === '') return ok([...this.networks].map((own) => ({ Id: own, Name: own, Labels: this.labels.get(`network ${own}`) ?? {} })));
    if (route === 'POST networks') {
      const made = this.named('network', text);
      this.networks.add(made);
      return { status: 201, body: { Id: made } };
    }
    if (!this.networks.has(name)) return refuse(404, `network ${name} not found`);
    if (route === 'POST networks/connect') {
      const { Container: id } = z.looseObject({ Container: z.string() }).parse(JSON.parse(text));
      this.containers.get(id)?.networks.add(name);
    }
    if (route === 'DELETE networks') {
      if ([...this.containers.values()].some(({ networks }) => networks.has(name))) return refuse(403, `network ${name} has active endpoints`);
      this.networks.delete(name);
      return done;
    }
    return ok({ Id: name, Name: name, Labels: this.labels.get(`network ${name}`) ?? {} });
  }

  private named(kind: 'network' | 'volume', text: string): string {
    const { Name, Labels } = z.looseObject({ Name: z.string(), Labels: z.record(z.string(), z.string()).default({}) }).parse(JSON.parse(text));
    this.labels.set(`${kind} ${Name}`, Labels);
    return Name;
  }
}

export const portOf = ({ body: { HostConfig } }: Container): string => Object.values(HostConfig.PortBindings)[0]?.[0]?.HostPort ?? '';

function inspect(container: Container): unknown {
  const { status, exitCode, startedAt, body: options } = container;
  return {
    Id: container.id, Name: `/${container.name}`, Image: container.imageId, RestartCount: 0,
    State: { Status: status, Running: status === 'running', Restarting: false, ExitCode: exitCode, Error: '', OOMKilled: false, StartedAt: startedAt, Pid: 0 },
    Config: { Image: container.image, Env: ['PATH=/bin', ...options.Env], Cmd: options.Cmd ?? null, Labels: options.Labels, Tty: false },
    HostConfig: options.HostConfig,
    NetworkSettings: { Networks: Object.fromEntries([...container.networks].map((network) => [network === 'default' ? 'bridge' : network, status === 'running' ? { IPAddress: container.ip, IPPrefixLen: 16, Gateway: '10.1.255.254' } : {}])) },
  };
}

function frame(text: string): Buffer {
  const payload = Buffer.from(`${text}\n`);
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function body(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}
