// A step is skipped when a hash of everything it reads equals the one it left behind, and what it wrote is still there.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const folder = join(root, 'dist', '.stamps');
const skipped = new Set(['node_modules', 'dist', '.next', 'generated', 'next-env.d.ts', 'tsconfig.tsbuildinfo']);

/** All files below the given paths (relative to the project), sorted, without what steps write themselves. */
export function listFiles(paths) {
  const found = [];
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isFile()) return void found.push(path);
    for (const entry of readdirSync(full)) {
      if (!skipped.has(entry) && !entry.startsWith('.')) visit(join(path, entry));
    }
  };
  paths.forEach(visit);
  return found.sort();
}

export function hashOf(paths, except = []) {
  const hash = createHash('sha256').update(process.version.split('.')[0]);
  for (const path of listFiles(paths)) {
    if (except.includes(path)) continue;
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

export function isCurrent(step, hash, outputs) {
  const stamp = join(folder, step);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && outputs.every((path) => existsSync(join(root, path)));
}

export function stampStep(step, hash) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, step), hash);
}
