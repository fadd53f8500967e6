/** The kernel says when a file of ours is touched. What cannot be watched is seen by the next full look. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Each one takes a descriptor of the kernel's, of which a host has some thousands. */
const foldersMax = 256;

export class FolderWatch {
  private readonly watched = new Map<string, { watcher: FSWatcher; names: ReadonlySet<string> }>();

  constructor(private readonly changed: () => void) {}

  /** Which files from now on. Folders that were missing are tried again each time. */
  want(paths: readonly string[]): void {
    const folders = new Map<string, Set<string>>();
    for (const path of paths) folders.set(dirname(path), (folders.get(dirname(path)) ?? new Set()).add(basename(path)));
    for (const folder of [...this.watched.keys()]) if (!folders.has(folder)) this.drop(folder);
    for (const [folder, names] of [...folders].slice(0, foldersMax)) {
      const known = this.watched.get(folder);
      if (known === undefined) this.add(folder, names);
      else known.names = names;
    }
  }

  close(): void {
    for (const folder of [...this.watched.keys()]) this.drop(folder);
  }

  private add(folder: string, names: ReadonlySet<string>): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || this.watched.get(folder)?.names.has(name) === true) this.changed();
        // The folder itself was moved or removed, or replaced: what is watched is not what is there any more.
        if (name === basename(folder)) this.gone(folder);
      });
      watcher.on('error', () => this.gone(folder));
      this.watched.set(folder, { watcher, names });
    } catch {
      // There is no such folder, or no room for another watch.
    }
  }

  private gone(folder: string): void {
    this.drop(folder);
    this.changed();
  }

  private drop(folder: string): void {
    this.watched.get(folder)?.watcher.close();
    this.watched.delete(folder);
  }
}
