/** A control plane that answers hosts with what a test put there, and keeps what they report. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { DesiredPlacement } from '../../spec/desired.js';

const reported = z.object({
  run: z.string(),
  entries: z.array(z.object({ key: z.string(), component: z.string(), type: z.enum(['step.output', 'step.phase']), ts: z.string(), data: z.looseObject({}) })),
});
const outputData = z.object({ lines: z.array(z.object({ stream: z.enum(['stdout', 'stderr', 'info']), text: z.string() })) });
const phaseData = z.object({ phase: z.string(), state: z.enum(['started', 'ended']), duration_ms: z.number().optional() });

const lines = z.object({ run: z.string(), files: z.array(z.object({ component: z.string(), path: z.string(), unified_diff: z.string().nullable(), note: z.string().nullable() })) });
export type Shown = z.infer<typeof lines>['files'][number];
export type Reported = z.infer<typeof reported>['entries'][number];
export interface Request { method: string; path: string; headers: NodeJS.Dict<string | string[]>; body: string }

export class ControlPlaneStandIn {
  readonly runs = new Map<string, DesiredPlacement[]>();
  readonly requests: Request[] = [];
  readonly reports: (Reported & { run: string })[] = [];
  /** Files of plans, in the order in which they came. */
  readonly shown: Shown[] = [];
  readonly batchBytes: number[] = [];
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
        const { status, answer } = standIn.answer({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
        response.writeHead(status, { 'content-type': 'application/json' }).end(answer === undefined ? undefined : JSON.stringify(answer));
      });
    });
    return standIn;
  }

  private answer(request: Request): { status: number; answer?: unknown } {
    this.requests.push(request);
    const forced = this.nextStatuses.shift();
    if (forced !== undefined) return { status: forced, answer: { title: 'as the test wants it' } };
    const url = new URL(request.path, 'http://stand-in');
    if (url.pathname === '/host/v1/desired') return this.desired(url.searchParams);
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
    const wanted = placements.filter((placement) => component === null || placement.component === component);
    return { status: 200, answer: { placements: query.get('content') === '1' ? wanted : wanted.map(withoutContent) } };
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

function withoutContent({ redact: _, ...placement }: DesiredPlacement): DesiredPlacement {
  const bare = <T extends { content?: string }>({ content: _, ...rest }: T): Omit<T, 'content'> => rest;
  const bareEnvironment = <T extends DesiredPlacement['run'] | DesiredPlacement['build'][number]>(of: T): T =>
    ('secret_env' in of && of.secret_env !== undefined ? { ...of, secret_env: Object.fromEntries(Object.entries(of.secret_env).map(([name, value]) => [name, bare(value)])) } : of);
  return { ...placement, run: bareEnvironment(placement.run), build: placement.build.map(bareEnvironment), files: placement.files.map(bare), trees: placement.trees.map((tree) => ({ ...tree, files: tree.files.map(bare) })) };
}
