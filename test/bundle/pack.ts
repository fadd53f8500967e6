/** Host bundles as the build makes them, of worker programs that a test chooses. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveFacts, type ArchiveFacts } from '../../spec/host-bundle/shapes.js';
import { runCommandOrThrow } from '../fleet/run-command.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Packed { /** In place of the real worker; given its text. */ worker?: (real: string) => string; version?: string; /** Of the compression. */ level?: number }

/** Writes the archive and its facts into `out`, which may hold others. */
export async function pack(out: string, { worker, version, level = 1 }: Packed = {}): Promise<ArchiveFacts> {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-worker-'));
  try {
    await cp(join(root, 'dist/host-worker'), folder, { recursive: true });
    if (worker !== undefined) await writeFile(join(folder, 'worker.cjs'), worker(await readFile(join(folder, 'worker.cjs'), 'utf8')));
    const options = JSON.stringify({ worker: folder, out, level, ...(version === undefined ? {} : { version }) });
    const script = `import(${JSON.stringify(`${root}scripts/lib/host-bundle.mjs`)}).then(async ({ buildHostBundle }) => process.stdout.write(await buildHostBundle(${options})))`;
    const path = await runCommandOrThrow(process.execPath, ['-e', script], { timeoutMs: 120_000 });
    return archiveFacts.parse(JSON.parse(await readFile(path.replace(/\.tar\.gz$/, '.json'), 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
