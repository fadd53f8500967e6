/** Whatever is sent, the answer keeps its promises (guarantees.ts). Always the same cases: `npm run fuzz` looks for others. */
import { fileURLToPath } from 'node:url';
import { runCommand } from '../fleet/run-command.js';

const program = fileURLToPath(new URL('run.mjs', import.meta.url));
const seed = '20';
const timeoutMs = 10 * 60_000;

async function fuzzed(documents: number, templates: number): Promise<string> {
  const { stdout, stderr, exitCode } = await runCommand(process.execPath, [program, '--seed', seed, '--documents', String(documents), '--templates', String(templates)], { timeoutMs });
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`);
  return stdout;
}

const accepted = (told: string): number => Number(/(\d+) accepted/.exec(told)?.[1]);

test('100,000 mutated and generated documents', async () => {
  const told = await fuzzed(100_000, 0);
  expect(told).toMatch(/^100000 documents with seed \d+ .* 0 findings$/m);
  // Not all of them end at the first mistake: the graph and the rendering are reached.
  expect(accepted(told)).toBeGreaterThan(10_000);
}, timeoutMs);

test('5,000 templates made from a grammar', async () => {
  const told = await fuzzed(0, 5000);
  expect(told).toMatch(/^5000 templates with seed \d+ .* 0 findings$/m);
  expect(accepted(told)).toBeGreaterThan(500);
}, timeoutMs);
