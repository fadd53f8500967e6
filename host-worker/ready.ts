/**
 * Says that this worker does its work: Temporal answers it and the control plane has heard it. As a service, in a file of the
 * folder that systemd makes for each start; whoever changes versions waits for it.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Environment } from './config.js';
import { workerVersion } from './version.js';

export type Part = 'temporal' | 'control plane';

const built = z.object({ version: z.string(), build: z.string() });

/** Of the bundle that this program is in; null outside of one. */
function bundleOf(program: string): z.infer<typeof built> | null {
  try {
    return built.parse(JSON.parse(readFileSync(join(dirname(program), 'manifest.json'), 'utf8')));
  } catch {
    return null;
  }
}

export class Readiness {
  private readonly missing = new Set<Part>(['temporal', 'control plane']);

  private readonly bundle: z.infer<typeof built> | null;

  /** What this program is, it has to know from the start: later, its place may be another version's. */
  constructor(private readonly env: Environment, program = __filename) {
    this.bundle = bundleOf(program);
  }

  async reached(part: Part): Promise<void> {
    if (!this.missing.delete(part) || this.missing.size > 0) return;
    const folder = this.env['RUNTIME_DIRECTORY'];
    if (folder === undefined) return;
    const { version, build } = this.bundle ?? { version: workerVersion, build: null };
    await writeFile(join(folder, 'ready.json'), `${JSON.stringify({ pid: process.pid, version, build })}\n`, { mode: 0o600 });
  }
}
