/** What one run removes here, kept until nobody repeats it any more. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { readDurable, writeDurably } from './durable-file.js';

const keptMs = 30 * 24 * 3600 * 1000;
const text = z.string();

const removal = z.discriminatedUnion('op', [
  z.object({ op: z.literal('remove_container'), id: text, name: text }),
  z.object({ op: z.literal('remove_unit'), unit: text }),
  z.object({ op: z.literal('remove_link'), path: text }),
  z.object({ op: z.literal('remove_file'), path: text }),
  z.object({ op: z.literal('remove_tree'), dest: text, strategy: z.enum(['overwrite', 'atomic', 'atomic_symlink']), files: z.array(text), releases: z.array(text) }),
  z.object({ op: z.literal('remove_releases') }),
  z.object({ op: z.literal('remove_network'), id: text, name: text }),
  z.object({ op: z.literal('remove_volume'), name: text }),
]);

const pruneRecord = z.object({
  format: z.literal(1), run_id: text, deploy_id: text,
  placements: z.array(z.object({ component: text, whole: z.boolean(), removals: z.array(removal) })),
  results: z.array(z.object({ component: text, whole: z.boolean(), removed: z.array(text), kept: z.array(text) })),
  done: z.boolean(),
});
export type PruneRecord = z.infer<typeof pruneRecord>;

const runId = /^(rol|pln)_[A-Za-z0-9_-]{16,64}$/;

export class PruneJournal {
  constructor(private readonly folder: string) {}

  private path(run: string): string {
    if (!runId.test(run)) throw new MaestroError('internal', `${JSON.stringify(run.slice(0, 100))} is not the id of a run`);
    return join(this.folder, 'prunes', `${run}.json`);
  }

  read(run: string): Promise<PruneRecord | null> {
    return readDurable(this.path(run), pruneRecord);
  }

  write(record: PruneRecord): Promise<void> {
    return writeDurably(this.path(record.run_id), record);
  }

  async forgetOld(nowMs: number): Promise<void> {
    const folder = join(this.folder, 'prunes');
    for (const name of await readdir(folder).catch(() => [])) {
      const status = await stat(join(folder, name)).catch(() => null);
      if (status !== null && nowMs - status.mtimeMs > keptMs) await rm(join(folder, name), { force: true });
    }
  }
}
