/** What `npm start` promises, with all its real parts: database, Temporal server, API, workers. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Supervisor, clearPlace, contention, newPlace, pidOf, processesOf, until, type Place } from './supervisor-process.js';

const administrator = { username: 'admin', password: 'a-long-enough-password' };
let place: Place;
const started: Supervisor[] = [];

function start(env: Readonly<Record<string, string>> = {}): Supervisor {
  const supervisor = new Supervisor(place, env);
  started.push(supervisor);
  return supervisor;
}

const codeFile = (): string => join(place.dataDir, 'keys', 'setup-code');
/** Printed in the summary of the start, and kept in a file until it is used. */
const withCode = () => ({ ...administrator, setup_code: readFileSync(codeFile(), 'utf8').trim() });

async function status(path: string, body?: object): Promise<number> {
  const post = body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {};
  try {
    return (await fetch(`${place.url}${path}`, { ...post, signal: AbortSignal.timeout(5_000) })).status;
  } catch {
    return 0;
  }
}

beforeEach(async () => {
  place = await newPlace();
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.end()));
  await until(`no process of ${place.dataDir}`, () => processesOf(place.dataDir).size === 0, 15_000);
  clearPlace(place);
}, 120_000);

test('a second start finds the data of the first, within 10 seconds, and Ctrl-C leaves nothing', async () => {
  const first = start();
  await first.ready();
  expect(await status('/readyz')).toBe(200);
  expect(first.output).toContain(`setup code ${withCode().setup_code}`);
  expect(await status('/api/auth/setup-admin', withCode())).toBeLessThan(300);
  expect(existsSync(codeFile())).toBe(false);
  first.signal('SIGINT');
  expect(await first.exitCode()).toBe(0);
  expect(processesOf(place.dataDir).size).toBe(0);

  const before = contention();
  const second = start();
  const seconds = await second.ready();
  // Ten seconds of an idle machine; other suites or programs may have their share of this one.
  const slowdown = (before + contention()) / 2;
  expect(seconds / slowdown).toBeLessThanOrEqual(10);
  expect(await status('/api/auth/setup-admin', { ...administrator, setup_code: 'any' })).toBe(409);
  expect(second.output).not.toContain('setup code');
  expect(await status('/api/auth/login', administrator)).toBe(200);
  expect(second.output).toContain(place.url);
  expect(second.output).toContain(`http://127.0.0.1:${place.uiPort}`);
}, 240_000);

test('a second supervisor on the same data is refused and does no harm', async () => {
  const first = start();
  await first.ready();
  const before = [...processesOf(place.dataDir).keys()];
  const second = start();
  expect(await second.exitCode()).toBe(1);
  expect(second.output).toContain(`another Maestro is using this data folder (process ${first.pid})`);
  expect(second.output).toContain(place.dataDir);
  expect([...processesOf(place.dataDir).keys()]).toEqual(before);
  expect(await status('/readyz')).toBe(200);
}, 120_000);

test.each(['MAESTRO_PORT', 'MAESTRO_TEMPORAL_UI_PORT'])('a port in use (%s) is one clear message', async (variable) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(variable === 'MAESTRO_PORT' ? place.port : place.uiPort, '127.0.0.1', resolve));
  try {
    const supervisor = start();
    expect(await supervisor.exitCode(20_000)).toBe(1);
    expect(supervisor.output).toMatch(/port \d+ is already in use/);
    expect(supervisor.output).toContain(variable);
    expect(supervisor.output).not.toMatch(/\n\s+at /);
    expect(processesOf(place.dataDir).size).toBe(0);
  } finally {
    taken.close();
  }
}, 60_000);

/** A setpriv that does nothing: the kernel is not asked to end the children, so a killed supervisor leaves all of them. */
function pathWithoutSetpriv(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'maestro-path-'));
  const program = join(folder, 'setpriv');
  writeFileSync(program, '#!/bin/sh\nexit 1\n');
  chmodSync(program, 0o755);
  return { path: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, remove: () => rmSync(folder, { recursive: true }) };
}

test('kill -9 of the supervisor takes its children along', async () => {
  const first = start();
  await first.ready();
  first.signal('SIGKILL');
  await until('no children', () => processesOf(place.dataDir).size === 0, 15_000);
}, 120_000);

test('what a killed supervisor leaves behind is ended by the next start, which then works', async () => {
  const { path, remove } = pathWithoutSetpriv();
  try {
    const first = start({ PATH: path });
    await first.ready();
    first.signal('SIGKILL');
    await wait(500);
    const orphans = [...processesOf(place.dataDir).keys()];
    expect(orphans.length).toBeGreaterThan(1);

    const second = start();
    await second.ready();
    expect(second.output).toContain('an earlier run had left behind');
    expect([...processesOf(place.dataDir).keys()].filter((pid) => orphans.includes(pid))).toEqual([]);
    expect(await status('/readyz')).toBe(200);
  } finally {
    remove();
  }
}, 180_000);

test('a stale file never points at a stranger: a foreign process whose pid stands in the lock lives on', async () => {
  writeFileSync(join(place.dataDir, 'supervisor.lock'), String(process.pid));
  const supervisor = start();
  await supervisor.ready();
  supervisor.signal('SIGTERM');
  expect(await supervisor.exitCode()).toBe(0);
  expect(process.kill(process.pid, 0)).toBe(true);
}, 120_000);

test('kill -9 of the database, the Temporal server and the API is recovered from', async () => {
  const supervisor = start();
  await supervisor.ready();
  for (const [program, title] of [['/postgres ', 'the database'], ['start-dev', 'the Temporal server'], ['dist/api.mjs', 'the API']] as const) {
    process.kill(pidOf(place.dataDir, program), 'SIGKILL');
    await until(`${title} is up again\n${supervisor.output}`, () => supervisor.output.includes(`${title} is up again`));
    await until(`ready after the loss of ${title}`, async () => (await status('/readyz')) === 200);
  }
  expect(await status('/api/auth/setup-admin', withCode())).toBeLessThan(300);
}, 180_000);

test('a part that keeps crashing ends everything with a message that names it', async () => {
  const supervisor = start();
  await supervisor.ready();
  for (let crash = 0; crash < 6; crash += 1) {
    await until('the worker runs', () => [...processesOf(place.dataDir).values()].some((command) => command.includes('dist/worker.mjs')));
    process.kill(pidOf(place.dataDir, 'dist/worker.mjs'), 'SIGKILL');
    await until('the worker is gone', () => supervisor.output.split('was ended by SIGKILL').length > crash + 1);
  }
  expect(await supervisor.exitCode()).toBe(1);
  expect(supervisor.output).toContain('the control-plane worker crashed more than 5 times in a minute');
}, 180_000);

test.each([0.6, 2.5])('interrupted %s s into its first start, it stops clean and the next start works', async (seconds) => {
  const first = start();
  await wait(seconds * 1000);
  first.signal('SIGINT');
  await first.exitCode();
  expect(processesOf(place.dataDir).size).toBe(0);
  await start().ready();
  expect(await status('/readyz')).toBe(200);
}, 180_000);
