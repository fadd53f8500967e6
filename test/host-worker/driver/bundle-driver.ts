import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Docker over ssh is not used on a host; its native parts cannot go into one file. */
const withoutSsh: Plugin = {
  name: 'without-ssh',
  setup(bundle) {
    bundle.onResolve({ filter: /^(ssh2|cpu-features)$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

/** The driver, or another program like it, as one file that only needs Node, as the host worker itself. */
export async function bundleDriver(program = new URL('driver.ts', import.meta.url)): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-driver-'));
  try {
    await build({
      entryPoints: [fileURLToPath(program)], outfile: join(folder, 'driver.cjs'),
      bundle: true, platform: 'node', format: 'cjs', target: 'node20', keepNames: true, logLevel: 'error', plugins: [withoutSsh],
    });
    return await readFile(join(folder, 'driver.cjs'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
