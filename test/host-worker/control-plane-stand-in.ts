/** A control plane that answers hosts with what a test put there, and keeps what they report. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { DesiredPlacement } from '../../spec/desired.js';
import { type KeptPin, pinKey, pinKinds, withPins } from '../../spec/pins.js';

const reported = z.object({
  run: z.string(),
  entries: z.array(z.object({ key: z.string(), component: z.string(), type: z.enum(['step.output', 'step.phase']), ts: z.string(), data: z.looseObject({}) })),
});
const pinned = z.object({ run: z.string(), pins: z.array(z.object({ component: z.string(), kind: z.enum(pinKinds), value: z.string() })) });
const outputData = z.object({ lines: z.array(z.object({ stream: z.enum(['stdout', 'stderr', 'info']), text: z.string() })) });
const phaseData = z.object({ phase: z.string(), state: z.enum(['started', 'ended']), duration_ms: z.number().optional() });

const lines = z.object({ run: z.string(), files: z.array(z.object({ component: z.string(), path: z.string(), unified_diff: z.string().nullable(), note: z.string().nullable() })) });
export type Shown = z.infer<typeof lines>['files'][number];
export type Reported = z.infer<typeof reported>['entries'][number];
export interface Request { method: string; path: string; headers: NodeJS.Dict<string | string[]>; body: string }

export class ControlPlaneStandIn {
  readonly runs = new Map<string, DesiredPlacement[]>();
  /** By deploy and version, as long as it is not cleared. */
  readonly pins = new Map<string, KeptPin[]>();
  readonly requests: Request[] = [];
  readonly reports: (Reported & { run: string })[] = [];
  /** Files of plans, in the order in which they came. */
  readonly shown: Shown[] = [];
  readonly batchBytes: number[] = [];
  /** Whose removals are asked about. */
  removalsOf = 'dpl_aaaaaaaaaaaaaaaa';
  /** Contents of archives by sha256; `cutAfter`: an answer breaks off after so many bytes. */
  readonly archives = new Map<string, Buffer>();
  cutAfter: number[] = [];
  /** Status codes for the next requests, before it behaves again. */
  nextStatuses: number[] = [];

  private constructor(private readonly server: Server, readonly port: number) {}

  static async start(host = '127.0.0.1'): Promise<ControlPlaneStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const standIn = new ControlPlaneStandIn(server, (server.address() as AddressInfo).port);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (standIn.sendArchive(request, response)) return;
        const { status, answer } = standIn.answer({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
        response.writeHead(status, { 'content-type': 'application/json' }).end(answer === undefined ? undefined : JSON.stringify(answer));
      });
    });
    return standIn;
  }

  private sendArchive({ url = '', headers }: IncomingMessage, response: ServerResponse): boolean {
    const { pathname, searchParams } = new URL(url, 'http://stand-in');
    const bytes = pathname === '/host/v1/archive' ? this.archives.get(searchParams.get('sha256') ?? '') : undefined;
    if (bytes === undefined) return false;
    this.requests.push({ method: 'GET', path: url, headers, body: '' });
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    response.writeHead(206, { 'content-length': bytes.length - from, 'content-range': `bytes ${String(from)}-${String(bytes.length - 1)}/${String(bytes.length)}` });
    const cut = this.cutAfter.shift();
    if (cut === undefined) response.end(bytes.subarray(from));
    else response.write(bytes.subarray(from, from + cut), () => response.destroy());
    return true;
  }

  private answer(request: Request): { status: number; answer?: unknown } {
    this.requests.push(request);
    const forced = this.nextStatuses.shift();
    if (forced !== undefined) return { status: forced, answer: { title: 'as the test wants it' } };
    const url = new URL(request.path, 'http://stand-in');
    if (url.pathname === '/host/v1/desired') return this.desired(url.searchParams);
    if (url.pathname === '/host/v1/removals') return this.removals(url.searchParams.get('run') ?? '');
    if (url.pathname === '/host/v1/pin') return this.pin(request.body);
    if (url.pathname === '/host/v1/report') return this.report(request.body);
    if (url.pathname === '/host/v1/diffs') {
      this.shown.push(...lines.parse(JSON.parse(request.body)).files);
      return { status: 204 };
    }
    return url.pathname === '/host/v1/hello' ? { status: 204 } : { status: 404, answer: {} };
  }

  private desired(query: URLSearchParams): { status: number; answer: unknown } {
    const placements = this.runs.get(query.get('run') ?? '');
    if (placements === undefined) return { status: 404, answer: { code: 'not_found' } };
    const component = query.get('component');
    const wanted = placements.filter((placement) => component === null || placement.component === component).map((placement) => withPins(placement, this.pinsOf(placement)));
    if (query.get('content') === 'credential') return { status: 200, answer: { placements: wanted.map((placement) => ({ ...withoutContent(placement), ...(placement.credential === undefined ? {} : { credential: placement.credential }) })) } };
    return { status: 200, answer: { placements: query.get('content') === '1' ? wanted.map(withoutLogin) : wanted.map(withoutContent) } };
  }

  /** What stays: what the run wants here. */
  private removals(run: string): { status: number; answer: unknown } {
    const placements = this.runs.get(run);
    if (placements === undefined) return { status: 404, answer: { code: 'not_found' } };
    return { status: 200, answer: { deploy_id: this.removalsOf, placements: placements.map(withoutContent), order: ['db', 'web'], volumes: false } };
  }

  private pin(body: string): { status: number; answer: unknown } {
    const { run, pins } = pinned.parse(JSON.parse(body));
    const answer = pins.map((pin) => {
      const placement = this.runs.get(run)?.find(({ component }) => component === pin.component);
      if (placement === undefined) throw new Error(`a pin of ${pin.component}, which is not in ${run}`);
      const kept = this.pinsOf(placement);
      const key = pinKey(placement, pin.kind) ?? '';
      const first = kept.find((candidate) => candidate.kind === pin.kind && candidate.key === key) ?? { kind: pin.kind, key, value: pin.value };
      if (!kept.includes(first)) kept.push(first);
      return { ...pin, value: first.value };
    });
    return { status: 200, answer: { pins: answer } };
  }

  /** What is kept of the version of a placement. */
  pinsOf({ deploy_id, version, source }: Pick<DesiredPlacement, 'deploy_id' | 'version' | 'source'>): KeptPin[] {
    const name = `${deploy_id}/${String(source?.content_version ?? version)}`;
    const kept = this.pins.get(name) ?? [];
    this.pins.set(name, kept);
    return kept;
  }

  private report(body: string): { status: number } {
    const { run, entries } = reported.parse(JSON.parse(body));
    this.batchBytes.push(Buffer.byteLength(body));
    const known = new Set(this.reports.map(({ key }) => key));
    this.reports.push(...entries.filter(({ key }) => !known.has(key)).map((entry) => ({ ...entry, run })));
    return { status: 204 };
  }

  lines(run: string): string[] {
    return this.reports.filter((entry) => entry.run === run && entry.type === 'step.output').flatMap(({ data }) => outputData.parse(data).lines.map(({ text }) => text));
  }

  /** Phases in the order in which they ended. */
  phases(run: string): string[] {
    return this.reports.filter((entry) => entry.run === run && entry.type === 'step.phase').map(({ data }) => phaseData.parse(data)).filter(({ state }) => state === 'ended').map(({ phase }) => phase);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A login is only told to whoever asks for it. */
function withoutLogin(placement: DesiredPlacement): DesiredPlacement {
  const { content: _, ...credential } = placement.credential ?? { origin: '', digest: '' };
  return placement.credential === undefined ? placement : { ...placement, credential };
}

function withoutContent(full: DesiredPlacement): DesiredPlacement {
  const { redact: _, ...placement } = withoutLogin(full);
  const bare = <T extends { content?: string }>({ content: _, ...rest }: T): Omit<T, 'content'> => rest;
  const bareEnvironment = <T extends DesiredPlacement['run'] | DesiredPlacement['build'][number]>(of: T): T =>
    ('secret_env' in of && of.secret_env !== undefined ? { ...of, secret_env: Object.fromEntries(Object.entries(of.secret_env).map(([name, value]) => [name, bare(value)])) } : of);
  return { ...placement, run: bareEnvironment(placement.run), build: placement.build.map(bareEnvironment), files: placement.files.map(bare), trees: placement.trees.map((tree) => ({ ...tree, files: tree.files.map(bare) })) };
}
