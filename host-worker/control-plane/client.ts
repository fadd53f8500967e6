/** The host's side of `/host/v1`: what shall be here, what happened, and that we are alive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../../spec/errors.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { HostFacts } from '../../spec/observed.js';
import type { FileDiff } from '../../spec/plan.js';
import { messageOf, PassingTrouble, systemCode } from '../trouble.js';
import { desiredAnswer } from './desired-answer.js';

export interface ReportEntry { key: string; component: string; type: 'step.output' | 'step.phase'; ts: string; data: unknown }

export interface DesiredQuery { run_id: string; component?: string; /** File contents inline; only for one component. */ content?: boolean }

export interface ControlPlane {
  desired(query: DesiredQuery, signal: AbortSignal): Promise<DesiredPlacement[]>;
  /** One try; the reporter repeats. */
  report(run: string, entries: readonly ReportEntry[]): Promise<void>;
  /** One try: how the text of files would change, for a plan. */
  showFiles(run: string, files: readonly FileDiff[]): Promise<void>;
  hello(facts: HostFacts, version: string): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Base address, such as https://maestro.example.com. */
  url: string;
  node: string;
  token: string;
  timeoutMs?: number;
  tries?: number;
  firstDelayMs?: number;
}

const maxAnswerBytes = 64 * 1024 * 1024;
const worthRepeating = new Set([408, 425, 429, 500, 502, 503, 504]);

export function connectControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { timeoutMs = 10_000, tries = 5, firstDelayMs = 100 } = options;
  const request = (path: string, body?: unknown, signal?: AbortSignal) => send(options, path, body, AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]));

  async function getPatiently(path: string, signal: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await request(path, undefined, signal);
        if (response.ok) return await readJson(response);
        if (!worthRepeating.has(response.status)) throw await refusal(path, response);
        throw new PassingTrouble(`the control plane answered ${String(response.status)}`);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof MaestroError) throw error;
        if (attempt >= tries) throw error instanceof PassingTrouble ? error : new PassingTrouble(`the control plane's answer broke off: ${why(error)}`, { cause: error });
      }
      await sleep(firstDelayMs * 2 ** (attempt - 1), undefined, { signal });
    }
  }

  return {
    async desired({ run_id, component, content }, signal) {
      const query = new URLSearchParams({ run: run_id, content: content === true ? '1' : '0' });
      if (component !== undefined) query.set('component', component);
      const answer = desiredAnswer.safeParse(await getPatiently(`/host/v1/desired?${query.toString()}`, signal));
      if (answer.success) return answer.data.placements;
      throw new MaestroError('internal', `the control plane's answer cannot be read: ${answer.error.issues[0]?.path.join('.') ?? ''} ${answer.error.issues[0]?.message ?? ''}`, {
        fix: 'Install the same version of Maestro on the control plane and on this host.', cause: answer.error,
      });
    },
    async report(run, entries) {
      await expectAccepted('/host/v1/report', await request('/host/v1/report', { run, entries }));
    },
    async showFiles(run, files) {
      await expectAccepted('/host/v1/diffs', await request('/host/v1/diffs', { run, files }));
    },
    async hello(facts, version) {
      await expectAccepted('/host/v1/hello', await request('/host/v1/hello', { facts, version }));
    },
  };
}

/** An answer, or PassingTrouble that says why there was none. */
async function send(options: ControlPlaneOptions, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${options.token}`, 'x-maestro-node': options.node };
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  if (body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await fetch(new URL(path, options.url), { ...post, headers, signal, redirect: 'error' });
  } catch (error) {
    throw new PassingTrouble(`the control plane at ${options.url} cannot be reached: ${why(error)}`, { cause: error });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new MaestroError('payload_too_large', `the control plane sent more than ${String(maxAnswerBytes)} bytes`, { fix: 'Make the files of this component smaller.' });
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function expectAccepted(path: string, response: Response): Promise<void> {
  if (!response.ok) throw await refusal(path, response);
  await response.body?.cancel();
}

async function refusal(path: string, response: Response): Promise<MaestroError> {
  const said = (await response.text().catch(() => '')).slice(0, 500);
  const what = `the control plane refused ${path.split('?')[0] ?? path} (${String(response.status)})`;
  if (response.status === 401 || response.status === 403) {
    return new MaestroError('auth_error', `${what}: this host's token is not accepted`, { fix: 'Check MAESTRO_NODE and MAESTRO_HOST_TOKEN of the host worker.', details: { said } });
  }
  if (response.status === 404) {
    return new MaestroError('not_found', `${what}: the run is closed or does not touch this host`, { fix: 'Start a new rollout or plan.', details: { said } });
  }
  return new MaestroError('internal', `${what}: ${said}`, { fix: 'Look at the log of the control plane.', details: { status: response.status } });
}

/** fetch says "fetch failed" and keeps the reason below. */
function why(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return systemCode(error) ?? messageOf(cause ?? error);
}
