// `npm run bench`: makes what is measured, bundles the bench, and runs it. `--help` says what it can do.
import { pathToFileURL } from 'node:url';
import { bundleTools } from '../scripts/lib/bundle-tools.mjs';
import { SetupError, run } from '../scripts/lib/run.mjs';

const setupTimeoutMs = 30 * 60_000;

async function setUp() {
  const fix = 'correct what the set-up names';
  await run('preparing the checkout', process.execPath, ['scripts/setup.mjs'], { timeoutMs: setupTimeoutMs, inherit: true, fix });
}

try {
  if (!process.argv.includes('--help') && !process.argv.includes('--no-setup')) await setUp();
  const { bench } = await bundleTools({ bench: 'bench/main.ts' }, 'dist');
  await import(pathToFileURL(bench).href);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
