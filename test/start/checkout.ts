/** Runs one of the set-up's scripts in a small copy of the checkout, so that it writes nothing into the real one. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot } from '../../scripts/supervisor/files.js';

export interface Ran {
  readonly code: number;
  readonly output: string;
}

export async function runInCheckout(folder: string, script: string, env: Readonly<Record<string, string>>): Promise<Ran & { record: { path: string; version: string } | undefined }> {
  const copy = join(folder, 'checkout');
  for (const part of ['scripts', 'temporal-server', 'package.json', 'package-lock.json']) cpSync(join(findRoot(), part), join(copy, part), { recursive: true });
  const ran = await new Promise<Ran>((resolve) => {
    execFile(process.execPath, [join(copy, 'scripts', script)], { env: { NODE_ENV: 'test', ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, output: stdout + stderr });
    });
  });
  const record = join(copy, 'dist', 'temporal-server.json');
  return { ...ran, record: existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as { path: string; version: string }) : undefined };
}
