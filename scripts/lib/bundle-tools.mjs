// Programs of the checkout itself (bench, fuzz), bundled to run without a build of the product.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './run.mjs';

/** What stands beside a source file is found there: every module keeps its own address. */
const ownAddress = {
  name: 'own-address',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
  },
};

/** From names to sources; answers with the bundles by the same names. */
export async function bundleTools(entryPoints, outdir) {
  // Only there after the set-up of a fresh checkout.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    plugins: [ownAddress],
    logLevel: 'warning',
  });
  return Object.fromEntries(Object.keys(entryPoints).map((name) => [name, join(root, outdir, `${name}.mjs`)]));
}
