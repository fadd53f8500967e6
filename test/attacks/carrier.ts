/**
 * Carries out many placements on a host, several at a time, whatever becomes of each, and tells how each ended and what
 * then is there. Reads its request (JSON) from the file that it is given, prints its answer (JSON).
 */
import { readFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { createHostActivities } from '../../host-worker/activities.js';
import { assemble } from '../../host-worker/assemble.js';
import type { HostDeps } from '../../host-worker/activate/host-deps.js';
import { inspectContainer } from '../../host-worker/docker/own-containers.js';
import { sha256Of } from '../../host-worker/files/read-file.js';
import { inBatches } from '../../host-worker/in-batches.js';
import { runProgram } from '../../host-worker/run-program.js';
import type { CarryAnswer, CarryRequest, CarryWork, Carried, Found } from './carried.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const flushTimeoutMs = 5_000;
const longestMs = 90_000;

async function carryOut(request: CarryRequest): Promise<CarryAnswer> {
  const deps = await assemble({ node: 'h1', plane: { url: request.url }, stateFolder: request.state }, process.env, silent);
  try {
    return { carried: await inBatches(request.works, request.at_once, (work) => one(deps, request, work)) };
  } finally {
    await deps.reporter.flush(flushTimeoutMs);
  }
}

async function one(deps: HostDeps, { run_id }: CarryRequest, work: CarryWork): Promise<Carried> {
  const activities = createHostActivities(deps, () => ({ signal: AbortSignal.timeout(longestMs), heartbeat: () => undefined, leaving: () => false }));
  const step = { deploy_id: work.deploy_id, version: work.version, host: 'h1', run_id, component: work.component, attempt: 1 };
  const started = performance.now();
  const ended = (how: Omit<Carried, 'component' | 'ms'>): Carried => ({ component: work.component, ms: Math.round(performance.now() - started), ...how });
  try {
    await activities.prepare(step);
    await activities.activate(step);
    return ended({ ended: 'well', found: await found(deps, work) });
  } catch (error) {
    if (error instanceof ApplicationFailure) return ended({ ended: 'failed', type: error.type ?? '', message: error.message });
    return ended({ ended: 'broken', message: error instanceof Error ? error.stack ?? error.message : String(error) });
  }
}

async function found(deps: HostDeps, { files, unit, container }: CarryWork): Promise<Found> {
  const shas = await Promise.all(files.map((path) => readFile(path).then(sha256Of, () => 'missing')));
  if (container !== null) return { files: shas, env: (await inspectContainer(deps.docker, container))?.Config.Env ?? [], unit: {} };
  if (unit === null) return { files: shas, env: [], unit: {} };
  const names = ['MainPID', 'ExecStart', 'ExecStartPre', 'ExecStartPost', 'ExecReload', 'ExecStopPost', 'ExecCondition', 'User', 'StandardOutput', 'EnvironmentFiles', 'RootDirectory'];
  const { stdout } = await runProgram('systemctl', ['show', `--property=${names.join(',')}`, '--', unit], { timeoutMs: 10_000 });
  const shown = Object.fromEntries(stdout.split('\n').filter((line) => line.includes('=')).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const env = await readFile(`/proc/${shown['MainPID'] ?? ''}/environ`, 'utf8').then((text) => text.split('\0'), () => []);
  return { files: shas, env, unit: shown };
}

readFile(process.argv[2] ?? '', 'utf8').then((text) => carryOut(JSON.parse(text) as CarryRequest)).then(
  (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0)),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    process.exit(3);
  },
);
