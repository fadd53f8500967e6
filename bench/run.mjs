// `npm run bench`: makes what is measured, bundles the bench, and runs it. `--help` says what it can do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError, root, run } from '../scripts/lib/run.mjs';

const setupTimeoutMs = 30 * 60_000;

/** The fleet finds its scripts, and the bench its playbooks, beside the source file: every module keeps its own address. */
const ownAddress = {
  name: 'own-address',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
  },
};

async function bundle(outfile) {
  // Only there after the set-up of a fresh checkout.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    plugins: [ownAddress],
    logLevel: 'warning',
  });
}

async function setUp() {
  const fix = 'correct what the set-up names';
  await run('preparing the checkout', process.execPath, ['scripts/setup.mjs'], { timeoutMs: setupTimeoutMs, inherit: true, fix });
}

try {
  if (!process.argv.includes('--help') && !process.argv.includes('--no-setup')) await setUp();
  const outfile = join(root, 'dist', 'bench.mjs');
  await bundle(outfile);
  await import(pathToFileURL(outfile).href);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
