import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withinBytes } from '../../host-worker/source/within-bytes.js';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'within-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const tooMuch = (): Error => new Error('too much');
const growing = async (signal: AbortSignal): Promise<string> => {
  for (let round = 0; round < 1_000; round += 1) {
    await appendFile(join(folder, 'pack'), Buffer.alloc(100));
    await sleep(10, undefined, { signal });
  }
  return 'done';
};

test('work that stays within its bytes ends as it ends, also where there is no folder yet', async () => {
  await expect(withinBytes(join(folder, 'none'), 10, never, tooMuch, () => Promise.resolve('done'))).resolves.toBe('done');
  await expect(withinBytes(folder, 10, never, tooMuch, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
});

test('work that writes more is ended while it writes', async () => {
  const started = performance.now();
  const end = await withinBytes(folder, 1_000, never, tooMuch, (signal) => growing(signal).catch(() => { throw signal.reason; })).catch((error: unknown) => error);
  expect(end).toEqual(new Error('too much'));
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('work that was done before anybody looked is looked at, too', async () => {
  await expect(withinBytes(folder, 10, never, tooMuch, () => appendFile(join(folder, 'pack'), Buffer.alloc(100)))).rejects.toThrow('too much');
});

test('a cancellation is one', async () => {
  const stop = new AbortController();
  const end = withinBytes(folder, 1_000_000, stop.signal, tooMuch, (signal) => growing(signal).catch(() => { throw signal.reason; }));
  stop.abort(new Error('not wanted any more'));
  await expect(end).rejects.toThrow('not wanted any more');
});
