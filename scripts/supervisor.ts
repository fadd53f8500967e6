// `npm start`: the whole of Maestro on one machine, as children of this one process.
import { realpathSync } from 'node:fs';
import type { Context } from './supervisor/context.js';
import { StartError } from './supervisor/errors.js';
import { findRoot, openData } from './supervisor/files.js';
import { Keeper } from './supervisor/keeper.js';
import { readSettings } from './supervisor/settings.js';
import { Stack } from './supervisor/stack.js';
import { summary } from './supervisor/summary.js';

const say = (line: string) => console.log(line);

// npm passes Ctrl-C on to us although the terminal has sent it already: the same key press arrives twice.
const samePressMs = 500;

function openContext(interrupted: AbortSignal): Context {
  const root = findRoot();
  const settings = readSettings(root);
  const data = openData(settings.dataDir);
  return { root, settings, data: openData(realpathSync(data.root)), say, extraEnv: {}, interrupted };
}

/** Ends this process once, whatever asks for it first: a signal, a part that keeps crashing, or a failed start. */
class Ending {
  private since: number | undefined;
  readonly interrupt = new AbortController();
  preparing: Promise<unknown> | undefined;
  stack: Stack | undefined;
  keeper: Keeper | undefined;

  get begun(): boolean {
    return this.since !== undefined;
  }

  signal(): void {
    if (this.since === undefined) {
      say('\nstopping … (Ctrl-C again: at once)');
      void this.end(0);
    } else if (Date.now() - this.since > samePressMs) {
      this.stack?.killAll();
      process.exit(1);
    }
  }

  async end(code: number, error?: unknown): Promise<void> {
    if (this.begun) return;
    this.since = Date.now();
    this.keeper?.stop();
    this.interrupt.abort();
    await this.preparing?.catch(() => undefined);
    if (error !== undefined) explain(error);
    try {
      await this.stack?.stop();
    } catch (stopError) {
      explain(stopError);
      process.exit(1);
    }
    if (error === undefined) say('stopped.');
    process.exit(code);
  }
}

function explain(error: unknown): void {
  console.error(error instanceof StartError ? `\nMaestro cannot go on: ${error.message}` : error);
}

async function main(ending: Ending): Promise<void> {
  const started = performance.now();
  const context = openContext(ending.interrupt.signal);
  const preparing = Stack.prepare(context);
  ending.preparing = preparing;
  const stack = await preparing;
  ending.stack = stack;
  if (ending.begun) return;
  const keeper = new Keeper(say, (error) => void ending.end(1, error));
  ending.keeper = keeper;
  stack.all().forEach((part) => keeper.watch(part));
  const report = await stack.start();
  if (!ending.begun) say(summary(stack, context.settings, report, (performance.now() - started) / 1000));
}

const ending = new Ending();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.signal());
try {
  await main(ending);
} catch (error) {
  await ending.end(1, error);
}
