/** The worker as it is shipped: one file, its own process; here without a Temporal server to talk to. */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ControlPlaneStandIn } from './control-plane-stand-in.js';
import { DoorStandIn } from './door-stand-in.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
let bundle: string;
let control: ControlPlaneStandIn;
let door: DoorStandIn;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'worker-'));
  bundle = join(folder, 'bundle');
  const script = `import('${root}scripts/lib/bundles.mjs').then(({ bundleHostWorker }) => bundleHostWorker(${JSON.stringify(relative(root, bundle))}))`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root, timeout: 100_000 });
  control = await ControlPlaneStandIn.start();
  door = await DoorStandIn.start(control.port);
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await door.stop();
  await control.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Process { output(): string; ended: Promise<number | null>; child: ChildProcess }

/** Enrolled as h1, unless it is to start without. */
async function start(state: string, { enrolled = true, env: over = {} }: { enrolled?: boolean; env?: Record<string, string> } = {}): Promise<Process> {
  const stateFolder = join(folder, state);
  if (enrolled) await door.enroll('h1', stateFolder);
  const env = { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' as const, MAESTRO_STATE: stateFolder, ...over };
  const child = fork(join(bundle, 'worker.cjs'), [], { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: folder });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  return { child, output: () => output, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

async function until(what: string, seen: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!seen()) {
    if (Date.now() > deadline) throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    await sleep(50);
  }
}

const hellos = (): number => control.requests.filter(({ path }) => path === '/host/v1/hello').length;

it('greets the control plane, waits for Temporal instead of dying, and goes when told to', async () => {
  const worker = await start('state-1');
  await until('a greeting', () => hellos() > 0);
  await until('three tries', () => (worker.output().match(/Temporal cannot be reached/g) ?? []).length >= 3);
  expect(door.callers).toContain('h1');
  await until('a second greeting', () => hellos() > 1);
  for (const line of worker.output().trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ node: 'h1', msg: expect.any(String) });
  expect(worker.output()).not.toContain('PRIVATE KEY');
  const told = Date.now();
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(Date.now() - told).toBeLessThan(3_000);
  expect(worker.output()).toContain('"msg":"down"');
}, 60_000);

it('says when the control plane does not hear it, and when it does again', async () => {
  const worker = await start('state-2');
  control.nextStatuses = [401];
  await until('a warning', () => worker.output().includes('does not hear us'));
  expect(worker.output()).toContain('certificate is not accepted');
  await until('the end of it', () => worker.output().includes('the control plane knows us'));
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
}, 60_000);

it('does not start without an identity, and says how it comes by one', async () => {
  const worker = await start('state-0', { enrolled: false });
  expect(await worker.ended).toBe(1);
  expect(worker.output()).toMatch(/this host is not enrolled: there is no identity in .*\n.*enrollments/);
  expect(worker.output()).not.toContain(' at ');
}, 30_000);

it('takes over from one that was killed, and not from one that lives', async () => {
  const first = await start('state-3');
  await until('the first', () => first.output().includes('Temporal cannot be reached'));
  const second = await start('state-3', { enrolled: false });
  await sleep(1_500);
  expect(second.output()).toBe('');
  first.child.kill('SIGKILL');
  await until('the second', () => second.output().includes('Temporal cannot be reached'));
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
}, 60_000);
