import { createHash } from 'node:crypto';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Mounted read-only in every host, so that a bundle built after the hosts started needs no copy per host. */
export const BUNDLES_ON_HOST = '/opt/maestro-worker-bundles';

const KEEP_MS = 2 * 24 * 3600 * 1000;
const NODE_FOLDER = `node-${process.version}-${process.arch}`;

function bundlesFolder(): string {
  const cache = process.env['MAESTRO_CACHE'] ?? join(homedir(), '.cache', 'maestro');
  return join(cache, 'fleet', 'worker-bundles');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function contentHash(folder: string): Promise<string> {
  const hash = createHash('sha256').update(NODE_FOLDER);
  for (const name of (await readdir(folder)).sort()) {
    hash.update(`\0${name}\0`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Builds under another name first: a rename that comes second finds the same content in place. */
async function publish(parent: string, name: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const target = join(parent, name);
  if (await exists(target)) return;
  const draft = await mkdtemp(join(parent, '.draft-'));
  await fill(draft);
  await chmod(draft, 0o755);
  await rename(draft, target).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  });
}

async function forgetOldBundles(parent: string, current: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name === current || name === NODE_FOLDER) continue;
    const folder = join(parent, name);
    const age = Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > KEEP_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** Puts the bundle and this machine's node where the hosts see them; returns the folder's path on a host. */
export async function stageWorkerBundle(bundle: string): Promise<string> {
  if (!(await exists(join(bundle, 'worker.cjs')))) {
    throw new Error(`no worker.cjs in ${bundle}: build the host worker first`);
  }
  const parent = bundlesFolder();
  await mkdir(parent, { recursive: true });
  await publish(parent, NODE_FOLDER, (folder) => copyFile(process.execPath, join(folder, 'node')));
  const name = await contentHash(bundle);
  await publish(parent, name, async (folder) => {
    await cp(bundle, folder, { recursive: true });
    if (!(await exists(join(folder, 'node')))) await symlink(join('..', NODE_FOLDER, 'node'), join(folder, 'node'));
  });
  await forgetOldBundles(parent, name);
  return `${BUNDLES_ON_HOST}/${name}`;
}
