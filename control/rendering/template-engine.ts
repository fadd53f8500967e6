/**
 * Templates are evaluated inside a QuickJS machine: it has nunjucks and the texts, and nothing of ours – no
 * process, no file, no network, no clock. The machine lives in a thread of its own: what it does not end by its
 * limits of time and memory ends with the thread, and nothing else waits for it.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import type { Path } from '../../spec/document/path.js';
import { vmProgram } from './vm-program.js';
import { workerSource } from './vm-worker.js';

/** One string of a placement's component, by its path in the component, or one of its `config.templates`. */
export type RenderJob = { placement: number } & ({ path: Path } | { template: number });

export interface RenderRequest {
  hosts: Readonly<Record<string, unknown>>;
  env: Readonly<Record<string, string>>;
  components: Readonly<Record<string, unknown>>;
  placements: readonly { host: string; component: string }[];
  jobs: readonly RenderJob[];
  /** What templates may be, include and import, by path in the bundle. */
  files: ReadonlyMap<string, string>;
}

/** `missing`: the bundle has no such text file. */
export type RenderOutcome = z.output<typeof outcomeSchema>;
/** `stopped`: the job that had to be ended, and with it all others. */
export type RenderAnswer = { outcomes: RenderOutcome[] } | { stopped: number; message: string };

export async function render(request: RenderRequest): Promise<RenderAnswer> {
  if (request.jobs.length === 0) return { outcomes: [] };
  const { hosts, env, components, placements } = request;
  const { answers, stopped, at } = await inThread({
    input: JSON.stringify({ hosts, env, components, placements }),
    jobs: request.jobs.map(({ placement, ...job }) => [placement, JSON.stringify(job)]),
    files: request.files,
    totalMs: Math.min(limits.jobMs + spareMs + placements.length * perPlacementMs, maxTotalMs),
  });
  return stopped === null ? { outcomes: answers.map(toOutcome) } : { stopped: at, message: endings[stopped] };
}

const limits = { jobMs: 1500, memoryBytes: 64 * 1024 * 1024, answerBytes: 32 * 1024 * 1024 };
/** A fleet has more time as a whole; a single template never. */
const perPlacementMs = 10;
const spareMs = 250;
const maxTotalMs = 10_000;
/** A little more than the machine's own deadline: for the single step that it cannot interrupt. */
const stuckMs = 1900;
const watchMs = 100;
const startDeadlineMs = 30_000;
/** A thread takes a few tenths of a second to start, and some 20 MiB. */
const idleMs = 5 * 60_000;
const maxThreads = 2;

const endings = {
  time: 'it runs for longer than 1.5 seconds',
  total: 'all templates together take too long',
  memory: 'it needs more than 64 MiB of memory',
  size: 'all rendered templates together are larger than 32 MiB',
} as const;

const replySchema = z.object({ answers: z.array(z.string()), stopped: z.enum(['time', 'total', 'memory', 'size']).nullable(), usable: z.boolean() });
const outcomeSchema = z.union([
  z.object({ ok: z.literal(true), text: z.string() }),
  z.object({ ok: z.literal(false), message: z.string(), missing: z.string().optional() }),
]);
const maxTextBytes = 1024 * 1024;

/** The machine has refused what is too long in characters; bytes are counted here, where that is quick. */
function toOutcome(answer: string): RenderOutcome {
  const outcome = outcomeSchema.parse(JSON.parse(answer));
  return outcome.ok && Buffer.byteLength(outcome.text) > maxTextBytes ? { ok: false, message: 'the rendered text is larger than 1 MiB' } : outcome;
}

interface ThreadRequest { input: string; jobs: [placement: number, job: string][]; files: ReadonlyMap<string, string>; totalMs: number }
/** `at`: the job that was under way last. `usable`: the thread can take another request. */
interface ThreadReply { answers: string[]; stopped: keyof typeof endings | null; at: number; usable: boolean }

class TemplateThread {
  private readonly progress = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker: Worker;
  private readonly ready: Promise<boolean>;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor() {
    const { resolve } = createRequire(import.meta.url);
    const workerData = { ...limits, program: vmProgram, nunjucks: readFileSync(resolve('nunjucks/browser/nunjucks.min.js'), 'utf8'), quickjs: resolve('quickjs-emscripten'), progress: this.progress };
    // What the machine's library prints when it gives up is of no use to anybody.
    this.worker = new Worker(workerSource, { eval: true, workerData, stdout: true, stderr: true, env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 256 } });
    this.worker.on('error', () => undefined);
    this.ready = this.message(AbortSignal.timeout(startDeadlineMs)).then(() => true, () => false);
  }

  async run(request: ThreadRequest): Promise<ThreadReply> {
    clearTimeout(this.idleTimer);
    this.worker.ref();
    if (!(await this.ready)) throw new MaestroError('internal', 'the template machine did not start', { fix: 'Try again; restart the control plane when it comes again.' });
    const watch = this.watchProgress();
    const reply = this.message(watch.signal);
    this.worker.postMessage(request);
    try {
      return toReply(await reply, this.at());
    } catch {
      return { answers: [], stopped: watch.signal.aborted ? 'time' : 'memory', at: this.at(), usable: false };
    } finally {
      watch.stop();
    }
  }

  /** Aborts when the same job is under way for too long. */
  private watchProgress(): { signal: AbortSignal; stop(): void } {
    const stuck = new AbortController();
    let last = { at: -1, since: Date.now() };
    const timer = setInterval(() => {
      if (this.at() !== last.at) last = { at: this.at(), since: Date.now() };
      else if (Date.now() - last.since > stuckMs) stuck.abort();
    }, watchMs);
    return { signal: stuck.signal, stop: () => clearInterval(timer) };
  }

  /** Kept for the next request for a while, without keeping the process alive. */
  rest(onEnd: () => void): void {
    this.worker.unref();
    this.idleTimer = setTimeout(() => { onEnd(); void this.end(); }, idleMs).unref();
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private at(): number {
    return Atomics.load(this.progress, 0);
  }

  /** Rejects when the signal is aborted first, or the thread ends. */
  private async message(signal: AbortSignal): Promise<unknown> {
    const [message]: unknown[] = await once(this.worker, 'message', { signal });
    return message;
  }
}

const idle: TemplateThread[] = [];
const waiting: (() => void)[] = [];
let busy = 0;

async function inThread(request: ThreadRequest): Promise<ThreadReply> {
  while (busy >= maxThreads) await new Promise<void>((resolve) => waiting.push(resolve));
  busy += 1;
  const thread = idle.pop() ?? new TemplateThread();
  let usable = false;
  try {
    const reply = await thread.run(request);
    usable = reply.usable;
    return reply;
  } finally {
    busy -= 1;
    if (usable) keep(thread);
    else void thread.end();
    waiting.shift()?.();
  }
}

function keep(thread: TemplateThread): void {
  idle.push(thread);
  thread.rest(() => idle.splice(idle.indexOf(thread), 1));
}

function toReply(message: unknown, at: number): ThreadReply {
  const { answers, stopped, usable } = replySchema.parse(message);
  return { answers, stopped, at, usable };
}
