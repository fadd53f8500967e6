// `npm run bench:validate`: how long validating a document takes, and how that grows with the document.
import { pathToFileURL } from 'node:url';
import { bundleTools } from '../../scripts/lib/bundle-tools.mjs';

try {
  const { 'bench-validate': file } = await bundleTools({ 'bench-validate': 'bench/validate/main.ts' }, 'dist');
  await import(pathToFileURL(file).href);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
