#!/usr/bin/env node
/** The command line as a process. */
import { run } from './run.js';

const detaching = new AbortController();
process.on('SIGINT', () => {
  // The second one means it.
  if (detaching.signal.aborted) process.exit(130);
  detaching.abort();
});
// Whoever reads may stop reading (head, a closed pager): that is no failure of ours.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await run(process.argv.slice(2), process.env, {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  signal: detaching.signal,
  now: Date.now,
});
