/** In a thread of its own, and as fast as it can: a folder is swapped for a link to another one, and back. */
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const program = `
const { existsSync, renameSync, rmSync, symlinkSync, unlinkSync } = require('node:fs');
const { parentPort, workerData: { folder, target, stop } } = require('node:worker_threads');
const aside = folder + '.aside';
const attempt = (work) => { try { work(); } catch { /* Somebody else was there. */ } };
parentPort.postMessage('ready');
while (Atomics.load(stop, 0) === 0) {
  attempt(() => renameSync(folder, aside));
  attempt(() => symlinkSync(target, folder));
  for (let wait = 0; wait < 20000; wait += 1);
  attempt(() => unlinkSync(folder));
  attempt(() => renameSync(aside, folder));
  // What was made in its place meanwhile would end the race.
  attempt(() => { if (existsSync(aside)) { rmSync(folder, { recursive: true, force: true }); renameSync(aside, folder); } });
  for (let wait = 0; wait < 20000; wait += 1);
}
attempt(() => { if (existsSync(aside)) { rmSync(folder, { recursive: true, force: true }); renameSync(aside, folder); } });
`;

export class Racer {
  private constructor(private readonly worker: Worker, private readonly flag: Int32Array) {}

  static async start(folder: string, target: string): Promise<Racer> {
    await mkdir(folder, { recursive: true });
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(program, { eval: true, workerData: { folder, target, stop: flag } });
    await once(worker, 'message');
    return new Racer(worker, flag);
  }

  async stop(): Promise<void> {
    Atomics.store(this.flag, 0, 1);
    await once(this.worker, 'exit');
  }
}
