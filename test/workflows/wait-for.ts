import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 10;

/** Polls until `check` holds; after the deadline the error says what was waited for. */
export async function waitFor(check: () => boolean | Promise<boolean>, what: () => string, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what()}`);
    await wait(pollMs);
  }
}
