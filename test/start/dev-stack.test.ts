/** The library form of `npm start`: single processes can be killed and started again on the same ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type RunningStack } from '../../scripts/dev-stack.js';
import { processesOf, until } from './supervisor-process.js';

let dataDir: string;
let stack: RunningStack;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'maestro-stack-'));
  stack = await startStack({ dataDir, ports: 'free', say: () => undefined });
}, 120_000);

afterAll(async () => {
  await stack.stop();
  expect(processesOf(stack.dataDir).size).toBe(0);
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`${stack.url}/readyz`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

test.each(['database', 'temporal', 'api', 'gateway', 'worker'] as const)('%s comes back on the same port after kill -9', async (name) => {
  const { processes, url } = stack;
  const before = processes[name].pid;
  await processes[name].kill('SIGKILL');
  expect(processes[name].pid).toBeUndefined();
  await processes[name].restart();
  expect(processes[name].pid).not.toBe(before);
  await until('ready again', isReady);
  expect(stack.url).toBe(url);
}, 60_000);

test('it answers with where things are', async () => {
  expect(stack.temporalAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  expect((await fetch(stack.temporalUiUrl, { signal: AbortSignal.timeout(5_000) })).ok).toBe(true);
  expect(stack.host).toBeUndefined();
  await expect(stack.processes.hostWorker.kill()).rejects.toThrow('host worker is not one of this stack');
});
