/** The set-up on a checkout that is ready: quick, silent, and safe to run twice at once. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { findRoot } from '../../scripts/supervisor/files.js';

interface Ran {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

function setup(): Promise<Ran> {
  const started = performance.now();
  return new Promise((resolve) => {
    execFile(process.execPath, [join(findRoot(), 'scripts', 'setup.mjs')], { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, output: stdout + stderr, seconds: (performance.now() - started) / 1000 });
    });
  });
}

test('with nothing to do it says nothing and takes about a second', async () => {
  const { code, output, seconds } = await setup();
  expect({ code, output }).toEqual({ code: 0, output: '' });
  expect(seconds).toBeLessThan(4); // under 1 s alone on a machine; other suites run beside this one
}, 120_000);

test('three at once do not disturb each other', async () => {
  const all = await Promise.all([setup(), setup(), setup()]);
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
}, 180_000);
