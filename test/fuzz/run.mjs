// `npm run fuzz`: bundles the fuzz for its threads, and runs it. `--help` says what it can do.
import { pathToFileURL } from 'node:url';
import { bundleTools } from '../../scripts/lib/bundle-tools.mjs';

try {
  const { main: file, worker } = await bundleTools({ main: 'test/fuzz/main.ts', worker: 'test/fuzz/worker.ts' }, 'dist/fuzz');
  const { main } = await import(pathToFileURL(file).href);
  process.exitCode = await main(process.argv.slice(2), worker);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
