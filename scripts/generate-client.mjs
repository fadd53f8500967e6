// Types of the API for the web app: the OpenAPI document of api/openapi.ts, turned into web/src/api/schema.d.ts.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError, root } from './lib/run.mjs';

const source = 'api/openapi.ts';
const target = 'web/src/api/schema.d.ts';

/** Bundles the document's module (packages stay outside) and calls it; it is pure, so nothing is started. */
async function loadDocument() {
  const { build } = await import('esbuild');
  const outfile = join(root, 'dist', `.generate-${process.pid}`, 'openapi.mjs');
  await build({ absWorkingDir: root, entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', logLevel: 'error' });
  try {
    const loaded = await import(pathToFileURL(outfile).href);
    if (typeof loaded.openapiDocument !== 'function') throw new SetupError(`${source} does not export openapiDocument()`, `export it from ${source}`);
    return loaded.openapiDocument();
  } finally {
    rmSync(dirname(outfile), { recursive: true, force: true });
  }
}

export async function generateClient() {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  const types = astToString(await openapiTS(await loadDocument()));
  const file = join(root, target);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `// Generated from ${source} by scripts/generate-client.mjs. Do not edit.\n${types}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await generateClient();
  console.log(`wrote ${target}`);
}
