/** One look at a health endpoint: quick, bounded, and with a detail that says what was seen. */
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP } from 'node:net';
import type { Healthcheck } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { ObservedHealth } from '../../spec/observed.js';
import type { Route } from '../publish/route.js';
import { messageOf, systemCode } from '../trouble.js';
import type { Tell } from './tell.js';

/** Runs a `command` check where the component runs: in its container, or on the host. */
export type CommandRunner = (command: string, timeoutMs: number, signal: AbortSignal) => Promise<CommandEnd>;
/** `said`: its last line, as it came. */
export interface CommandEnd extends ObservedHealth { said?: string }

export type Probe = (timeoutMs: number, signal: AbortSignal) => Promise<ObservedHealth>;

const bodyBytesMax = 1024 * 1024;
const redirectsMax = 5;
const saidMax = 200;

/**
 * Never throws: what goes wrong is a red answer. `route`: where to look in place of a published port that leads elsewhere yet.
 * What a command says goes through `tell`.
 */
export function probeOf(check: Healthcheck, runCommand: CommandRunner, tell: Tell, route: Route | null = null): Probe {
  const probe: Probe = async (timeoutMs, signal) => {
    if (check.type === 'command') return withSaid(await runCommand(check.command, timeoutMs, signal), tell);
    return check.type === 'tcp' ? tcp(check.host, check.port, route, signal) : http(check, route, signal);
  };
  return async (timeoutMs, signal) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    return probe(timeoutMs, bounded).catch((error: unknown) => ({ ok: false, detail: `${check.type} ${signal.aborted ? 'stopped' : bounded.aborted ? `no answer within ${String(timeoutMs)} ms` : why(error)}` }));
  };
}

function withSaid({ ok, detail, said = '' }: CommandEnd, tell: Tell): ObservedHealth {
  const told = ok || said === '' ? '' : tell(said).slice(0, saidMax);
  return { ok, detail: told === '' ? detail : `${detail}: ${told}` };
}

type HttpCheck = Extract<Healthcheck, { type: 'http' }>;

async function http(check: HttpCheck, route: Route | null, signal: AbortSignal): Promise<ObservedHealth> {
  let url = new URL(check.url);
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const answer = await get(url, await routed(route, url), check.expect_body_contains !== null, signal);
    const target = answer.status === check.expect_status ? null : redirectTarget(url, answer);
    if (target === null) return judge(check, answer);
    if (target.host !== url.host) return { ok: false, detail: `http ${String(answer.status)} redirects to another host (${target.host})` };
    url = target;
  }
  return { ok: false, detail: `http: more than ${String(redirectsMax)} redirects` };
}

function judge(check: HttpCheck, { status, body }: Answer): ObservedHealth {
  if (status !== check.expect_status) return { ok: false, detail: `http ${String(status)}` };
  if (check.expect_body_contains !== null && !body.includes(check.expect_body_contains)) {
    return { ok: false, detail: `http ${String(status)}, but the body does not contain ${JSON.stringify(check.expect_body_contains.slice(0, 80))}` };
  }
  return { ok: true, detail: `http ${String(status)}` };
}

interface Answer { status: number; location: string | undefined; body: string }

function redirectTarget(from: URL, { status, location }: Answer): URL | null {
  return [301, 302, 303, 307, 308].includes(status) && location !== undefined && URL.canParse(location, from) ? new URL(location, from) : null;
}

/** A connection of its own each time: a kept one may lead to the container that was just replaced. */
function get(url: URL, at: RequestOptions, wantBody: boolean, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { ...at, agent: false, signal, headers: { 'user-agent': 'maestro-healthcheck', connection: 'close', host: url.host } }, (response) => {
      const answer = { status: response.statusCode ?? 0, location: response.headers.location };
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = (): void => {
        resolve({ ...answer, body: Buffer.concat(chunks).toString('utf8') });
        response.destroy();
      };
      if (!wantBody) return finish();
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > bodyBytesMax) finish();
      });
      response.on('end', finish);
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** Asked for under the same name, in the same way. */
async function routed(route: Route | null, url: URL): Promise<RequestOptions> {
  const to = await route?.(url.hostname, url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port));
  if (to === null || to === undefined) return {};
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return { hostname: to.host, port: to.port, ...(url.protocol === 'https:' && isIP(name) === 0 ? { servername: name } : {}) };
}

async function tcp(host: string, port: number, route: Route | null, signal: AbortSignal): Promise<ObservedHealth> {
  const to = (await route?.(host, port)) ?? { host, port };
  return connected(to.host, to.port, port, signal);
}

function connected(host: string, port: number, told: number, signal: AbortSignal): Promise<ObservedHealth> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const stop = (): void => void socket.destroy(new Error('stopped'));
    const settle = (end: () => void): void => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      end();
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => settle(() => resolve({ ok: true, detail: `tcp ${String(told)} open` })));
    socket.once('error', (error) => settle(() => reject(error)));
  });
}

const why = (error: unknown): string => {
  if (error instanceof MaestroError) return error.message;
  const code = systemCode(error);
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name not found';
  return code ?? messageOf(error);
};
