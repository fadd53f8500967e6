/**
 * Templates are evaluated inside a QuickJS machine: it has nunjucks and the texts, and nothing of ours – no
 * process, no file, no network, no clock. A time and a memory limit end what does not end by itself.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getQuickJS, shouldInterruptAfterDeadline, type QuickJSContext } from 'quickjs-emscripten';
import { MaestroError } from '../../spec/errors.js';

/** One text to render; `scope` is an index into the batch's scopes. */
export interface RenderJob { text: string; scope: number }
export interface RenderBatch {
  jobs: readonly RenderJob[];
  /** Names every job may use; each scope's own names are laid over them. */
  shared: Readonly<Record<string, unknown>>;
  scopes: readonly Readonly<Record<string, unknown>>[];
  /** What `include` and `import` may reach. */
  files: Readonly<Record<string, string>>;
}
export type RenderOutcome = { ok: true; text: string } | { ok: false; message: string };

const deadlineMs = 2000;
const memoryBytes = 64 * 1024 * 1024;
const maxOutputBytes = 1024 * 1024;
const nunjucksSource = readFileSync(createRequire(import.meta.url).resolve('nunjucks/browser/nunjucks.min.js'), 'utf8');

/** Runs in the machine. Strict: looking into something undefined fails with its name instead of giving nothing. */
const program = `
  const files = JSON.parse(__files);
  const Loader = nunjucks.Loader.extend({
    getSource(name) {
      if (!Object.prototype.hasOwnProperty.call(files, name)) throw new Error('the bundle has no file "' + name + '"');
      return { src: files[name], path: name, noCache: false };
    },
  });
  const lookup = nunjucks.runtime.memberLookup;
  const forbidden = ['constructor', '__proto__', 'prototype'];
  nunjucks.runtime.memberLookup = (owner, name) => {
    if (owner === undefined || owner === null) throw new Error('"' + String(name) + '" is looked up in something that is not defined');
    if (forbidden.includes(String(name))) throw new Error('"' + String(name) + '" is not allowed in a template');
    return lookup(owner, name);
  };
  const environment = new nunjucks.Environment(new Loader(), { autoescape: false, throwOnUndefined: true });
  const clean = (error) => String((error && error.message) || error).replace(/^\\(unknown path\\)\\s*/, '').replace(/\\s*\\n\\s*/g, ' ').replace(/(Template render error|Error): /g, '').trim();
  const { jobs, shared, scopes } = JSON.parse(__batch);
  const outcomes = jobs.map((job) => {
    try { return { ok: true, text: environment.renderString(job.text, Object.assign({}, shared, scopes[job.scope])) }; }
    catch (error) { return { ok: false, message: clean(error) }; }
  });
  JSON.stringify(outcomes);
`;

/** Renders all jobs of a batch in one machine; texts without any template mark need none. */
export async function renderBatch(batch: RenderBatch): Promise<RenderOutcome[]> {
  const isLive = ({ text }: RenderJob): boolean => /\{[{%#]/.test(text);
  const live = batch.jobs.filter(isLive);
  const outcomes = live.length === 0 ? [] : await runMachine({ ...batch, jobs: live });
  return batch.jobs.map((job) => (isLive(job) ? outcomes.shift() ?? { ok: false, message: 'the template gave no answer' } : { ok: true, text: job.text }));
}

async function runMachine({ jobs, shared, scopes, files }: RenderBatch): Promise<RenderOutcome[]> {
  const quickjs = await getQuickJS();
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(memoryBytes);
  runtime.setMaxStackSize(512 * 1024);
  runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + deadlineMs));
  const machine = runtime.newContext();
  try {
    evaluate(machine, 'var window = globalThis; var setTimeout = (f) => f();');
    evaluate(machine, nunjucksSource);
    setText(machine, '__batch', JSON.stringify({ jobs, shared, scopes }));
    setText(machine, '__files', JSON.stringify(files));
    return parseOutcomes(evaluate(machine, program), jobs.length);
  } finally {
    machine.dispose();
    runtime.dispose();
  }
}

function setText(machine: QuickJSContext, name: string, text: string): void {
  machine.newString(text).consume((handle) => machine.setProp(machine.global, name, handle));
}

function evaluate(machine: QuickJSContext, code: string): unknown {
  const result = machine.evalCode(code);
  if (result.error === undefined) return result.value.consume((handle) => machine.dump(handle));
  const failure: unknown = result.error.consume((handle) => machine.dump(handle));
  const text = JSON.stringify(failure) ?? '';
  throw new MaestroError('config_error', text.includes('interrupted') ? 'a template ran for longer than 2 seconds' : 'a template could not be evaluated within its limits (64 MiB)', {
    fix: 'Look for a loop that does not end or a very large range in the templates.', cause: failure,
  });
}

function parseOutcomes(text: unknown, expected: number): RenderOutcome[] {
  const outcomes: unknown = JSON.parse(String(text));
  if (!Array.isArray(outcomes) || outcomes.length !== expected) throw new MaestroError('internal', 'the template machine gave no usable answer');
  return outcomes.map((outcome: { ok?: unknown; text?: unknown; message?: unknown }) => {
    if (outcome.ok !== true) return { ok: false, message: String(outcome.message) };
    const rendered = String(outcome.text);
    return Buffer.byteLength(rendered) > maxOutputBytes ? { ok: false, message: 'the rendered text is larger than 1 MiB' } : { ok: true, text: rendered };
  });
}
