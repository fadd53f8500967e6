/** The host's side of `/host/v1`: what shall be here, what happened, and that we are alive. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from 'node:https';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { HostFacts } from '../../spec/observed.js';
import type { Pin } from '../../spec/pins.js';
import type { FileDiff } from '../../spec/plan.js';
import { fetchOnce } from '../identity/request.js';
import { messageOf, PassingTrouble, systemCode } from '../trouble.js';
import { desiredAnswer, pinAnswer } from './desired-answer.js';

export interface ReportEntry { key: string; component: string; type: 'step.output' | 'step.phase'; ts: string; data: unknown }

export interface DesiredQuery { run_id: string; component?: string; /** File contents inline; only for one component. `credential`: the logins for sources, and no contents. */ content?: boolean | 'credential' }

/** `sha256`: of the whole archive, as the placement has it. */
export interface ArchiveQuery { run_id: string; component: string; sha256: string }

export interface ControlPlane {
  desired(query: DesiredQuery, signal: AbortSignal): Promise<DesiredPlacement[]>;
  /** What stands for each of `pins` afterwards, in their order. Safe to repeat. */
  pin(run: string, pins: readonly Pin[], signal: AbortSignal): Promise<Pin[]>;
  /** One try; the reporter repeats. */
  report(run: string, entries: readonly ReportEntry[]): Promise<void>;
  /** One try: how the text of files would change, for a plan. */
  showFiles(run: string, files: readonly FileDiff[]): Promise<void>;
  /** `trusts`: digests of the roots that this host trusts. The answer: whether it should renew its certificate now. */
  hello(facts: HostFacts, version: string, trusts: readonly string[]): Promise<{ renew: boolean }>;
  /** The bytes of a placement's archive from `from` on. One try; the download goes on where it broke off. */
  archive(query: ArchiveQuery, from: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface ControlPlaneOptions {
  /** Base address, such as https://maestro.example.com:8443. */
  url: string;
  /** With this host's certificate, the current one; absent where the address is not https. */
  agent?: () => Agent;
  timeoutMs?: number;
  tries?: number;
  firstDelayMs?: number;
}

const helloAnswer = z.object({ renew: z.boolean() }).catch({ renew: false });
const maxAnswerBytes = 64 * 1024 * 1024;
const worthRepeating = new Set([408, 425, 429, 500, 502, 503, 504]);

export function connectControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { timeoutMs = 10_000, tries = 5, firstDelayMs = 100 } = options;
  const request = (path: string, body?: unknown, signal?: AbortSignal) => send(options, path, body, AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]));

  async function askPatiently(path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await request(path, body, signal);
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
      const query = new URLSearchParams({ run: run_id, content: content === 'credential' ? content : content === true ? '1' : '0' });
      if (component !== undefined) query.set('component', component);
      const answer = desiredAnswer.safeParse(await askPatiently(`/host/v1/desired?${query.toString()}`, signal));
      if (answer.success) return answer.data.placements;
      throw unreadable(answer.error);
    },
    async pin(run, pins, signal) {
      const answer = pinAnswer.safeParse(await askPatiently('/host/v1/pin', signal, { run, pins }));
      if (answer.success && answer.data.pins.length === pins.length) return answer.data.pins;
      throw unreadable(answer.error);
    },
    async report(run, entries) {
      await expectAccepted('/host/v1/report', await request('/host/v1/report', { run, entries }));
    },
    async archive({ run_id: run, component, sha256 }, from, signal) {
      const query = new URLSearchParams({ run, component, sha256 });
      const response = await send(options, `/host/v1/archive?${query.toString()}`, undefined, signal, { range: `bytes=${String(from)}-` });
      if (worthRepeating.has(response.status)) throw new PassingTrouble(`the control plane answered ${String(response.status)}`);
      if (!response.ok) throw await refusal('/host/v1/archive', response);
      if (response.status !== 206 || !(response.headers.get('content-range') ?? '').startsWith(`bytes ${String(from)}-`)) throw new PassingTrouble('the control plane did not go on where the archive broke off');
      return response.body ?? noBytes();
    },
    async showFiles(run, files) {
      await expectAccepted('/host/v1/diffs', await request('/host/v1/diffs', { run, files }));
    },
    async hello(facts, version, trusts) {
      const response = await request('/host/v1/hello', { facts, version, trusts });
      if (response.status === 200) return helloAnswer.parse(await readJson(response));
      await expectAccepted('/host/v1/hello', response);
      return { renew: false };
    },
  };
}

function unreadable(error: z.ZodError | undefined): MaestroError {
  const [issue] = error?.issues ?? [];
  return new MaestroError('internal', `the control plane's answer cannot be read: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'it does not fit the question'}`, {
    fix: 'Install the same version of Maestro on the control plane and on this host.', cause: error,
  });
}

/** An answer, or PassingTrouble that says why there was none. */
export async function send(options: ControlPlaneOptions, path: string, body: unknown, signal: AbortSignal, more: Record<string, string> = {}): Promise<Response> {
  try {
    return await fetchOnce({ url: new URL(path, options.url), headers: more, body, signal, agent: options.agent?.() });
  } catch (error) {
    throw new PassingTrouble(`the control plane at ${options.url} cannot be reached: ${why(error)}`, { cause: error });
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {
  // An answer without a body.
}

export async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new MaestroError('payload_too_large', `the control plane sent more than ${String(maxAnswerBytes)} bytes`, { fix: 'Make the files of this component smaller.' });
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

export async function expectAccepted(path: string, response: Response): Promise<void> {
  if (!response.ok) throw await refusal(path, response);
  await response.body?.cancel();
}

export async function refusal(path: string, response: Response): Promise<MaestroError> {
  const said = (await response.text().catch(() => '')).slice(0, 500);
  const what = `the control plane refused ${path.split('?')[0] ?? path} (${String(response.status)})`;
  if (response.status === 401 || response.status === 403) {
    return new MaestroError('auth_error', `${what}: this host's certificate is not accepted`, { fix: 'Enroll this host again: it was revoked or replaced.', details: { said } });
  }
  if (response.status === 404) {
    return new MaestroError('not_found', `${what}: the run is closed or does not touch this host`, { fix: 'Start a new rollout or plan.', details: { said } });
  }
  return new MaestroError('internal', `${what}: ${said}`, { fix: 'Look at the log of the control plane.', details: { status: response.status } });
}

/** The reason may be kept below. */
function why(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return systemCode(error) ?? messageOf(cause ?? error);
}
