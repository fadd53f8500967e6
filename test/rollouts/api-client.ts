/** The REST API as a user's script calls it. Answers are checked for their status, and read as plain JSON. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Step { step: string; host: string; component: string; state: string; reason: string; attempt: number; action: string | null; phases: { phase: string; duration_ms: number }[] | null; failure: { code: string; message: string; put_back: boolean; output_tail: string } | null; blocked_by: string[] }
export interface Rollout { rollout_id: string; deploy_id: string; version: number; kind: string; state: string; reason: string; workflow_id: string; steps: Step[] }
export interface PlannedComponent { component: string; action: string; restart: boolean; reasons: string[]; fields: { field: string; kind: string }[]; files: { path: string; old_sha256: string | null; new_sha256: string }[]; observed_state: string }
export interface Plan { plan_id: string; summary: Record<string, number>; hosts: { host: string; reachable: boolean; components: PlannedComponent[] }[] }
export interface Problem { code: string; status: number; message: string; suggested_fix: string; errors: { path: string; line: number; column: number; message: string }[]; details: Record<string, unknown> }
export interface Answer<T> { status: number; body: T }

/** Ends a wait that would otherwise hide a hang. */
const rolloutTimeoutMs = 180_000;
const endStates = ['succeeded', 'failed', 'aborted', 'rolled_back'];

export class ApiClient {
  cookie = '';

  constructor(readonly url: string) {}

  async send<T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const raw = typeof body === 'string';
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { cookie: this.cookie, origin: this.url, ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(90_000),
    });
    const cookie = response.headers.get('set-cookie');
    if (cookie !== null) this.cookie = cookie.split(';')[0] ?? '';
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  async ok<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const answer = await this.send<T>(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** `dataDir`: of the server, which keeps the code there that it prints. */
  async setupAdmin(dataDir: string): Promise<void> {
    const code = (await readFile(join(dataDir, 'keys', 'setup-code'), 'utf8')).trim();
    await this.ok('POST', '/api/auth/setup-admin', { username: 'admin', password: 'correct horse battery', setup_code: code });
    if (this.cookie === '') await this.ok('POST', '/api/auth/login', { username: 'admin', password: 'correct horse battery' });
  }

  async waitForNodes(names: readonly string[]): Promise<void> {
    for (let attempt = 0; attempt < 240; attempt += 1) {
      const { items } = await this.ok<{ items: { name: string; online: boolean }[] }>('GET', '/api/nodes?limit=200');
      if (names.every((name) => items.some((node) => node.name === name && node.online))) return;
      await sleep(250);
    }
    throw new Error(`not all of ${names.join(', ')} came online`);
  }

  /** Submits a first version; files are bundle files by path. */
  async deploy(yaml: string, files: Record<string, string> = {}): Promise<string> {
    const { deploy_id: id } = await this.ok<{ deploy_id: string }>('POST', '/api/deploys', { yaml, files: encode(files) });
    return id;
  }

  async newVersion(deployId: string, yaml: string, files: Record<string, string> = {}): Promise<number> {
    return (await this.ok<{ version: number }>('POST', `/api/deploys/${deployId}/versions`, { yaml, files: encode(files) })).version;
  }

  async startApply(deployId: string, body: Record<string, unknown> = {}): Promise<string> {
    return (await this.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/apply`, body)).rollout_id;
  }

  /** Applies and waits for the end or a pause. */
  async apply(deployId: string, body: Record<string, unknown> = {}): Promise<Rollout> {
    return this.settled(await this.startApply(deployId, body));
  }

  async waitFor(rolloutId: string, isIt: (rollout: Rollout) => boolean): Promise<Rollout> {
    const until = Date.now() + rolloutTimeoutMs;
    for (;;) {
      // A control plane that is being killed by a test refuses connections for a moment.
      const rollout = await this.ok<Rollout>('GET', `/api/rollouts/${rolloutId}`).catch(() => undefined);
      if (rollout !== undefined && isIt(rollout)) return rollout;
      if (Date.now() > until) throw new Error(`the rollout did not get there: ${JSON.stringify(rollout, null, 1)}`);
      await sleep(50);
    }
  }

  /** Ended, or waiting for a person. */
  settled(rolloutId: string): Promise<Rollout> {
    return this.waitFor(rolloutId, (rollout) => endStates.includes(rollout.state) || rollout.state === 'paused');
  }

  ended(rolloutId: string): Promise<Rollout> {
    return this.waitFor(rolloutId, (rollout) => endStates.includes(rollout.state));
  }

  diff(deployId: string, body: Record<string, unknown> = {}): Promise<Plan> {
    return this.ok<Plan>('POST', `/api/deploys/${deployId}/diff`, body);
  }
}

const encode = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text).toString('base64')]));

export const states = (rollout: Rollout): Record<string, string> => Object.fromEntries(rollout.steps.map(({ step, state }) => [step, state]));
export const stepOf = (rollout: Rollout, id: string): Step => {
  const found = rollout.steps.find(({ step }) => step === id);
  if (found === undefined) throw new Error(`no step ${id}`);
  return found;
};
