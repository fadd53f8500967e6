// `npm run bench`: makes what is measured, bundles the bench, and runs it. `--help` says what it can do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, run } from '../scripts/lib/run.mjs';

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

async function bundleBench(outfile) {
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

const outfile = join(root, 'dist', 'bench.mjs');
if (!process.argv.includes('--help')) {
  await run('preparing the checkout', process.execPath, ['scripts/setup.mjs'], { timeoutMs: setupTimeoutMs, inherit: true, fix: 'correct what the set-up names' });
}
await bundleBench(outfile);
await import(pathToFileURL(outfile).href);
