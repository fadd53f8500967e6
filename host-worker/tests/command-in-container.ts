/** A test's command in the container of the placement, as `docker exec` would run it, with all that it starts ended in time. */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { HostDeps } from '../activate/host-deps.js';
import { call, orNull, refused, statusOf } from '../docker/docker-call.js';
import { listAll, servingContainer } from '../docker/own-containers.js';
import { orAborted } from '../locks.js';
import { eachLine, type GroupEnd } from '../run-group.js';
import { PassingTrouble } from '../trouble.js';
import type { CommandRun } from './command-on-host.js';
import { endTestsOf, markOf } from './leftovers.js';

export type ContainerEnd = GroupEnd | { ended: 'not_started'; why: string };

type DockerPlacement = DesiredPlacement & { run: { type: 'docker' } };
const drainMs = 1_000;

export async function commandInContainer({ docker }: HostDeps, placement: DockerPlacement, { command, timeoutMs, signal, onLine }: CommandRun): Promise<ContainerEnd> {
  const container = servingContainer(await listAll(docker), placement, placement.run.container_name);
  if (container === null) return { ended: 'not_started', why: 'there is no container of this component' };
  const env = Object.entries(markOf(placement)).map(([name, value]) => `${name}=${value}`);
  const exec = await call('begin a test', () => docker.getContainer(container.id).exec({ Cmd: ['/bin/sh', '-c', command], Env: env, AttachStdout: true, AttachStderr: true }))
    .catch((error: unknown) => {
      if (statusOf(error) === 404 || statusOf(error) === 409) return null;
      throw refused('running a test', error);
    });
  if (exec === null) return { ended: 'not_started', why: 'its container does not run' };
  const over = new AbortController();
  try {
    const stream = await call('run a test', () => exec.start({ hijack: false, stdin: false }));
    const ended = linesOf(docker, stream, onLine);
    const inTime = await orAborted(Promise.race([ended.then(() => true), sleep(timeoutMs, false, { signal: over.signal }).catch(() => false)]), signal);
    if (!inTime) {
      await endTestsOf(placement);
      await Promise.race([ended, sleep(drainMs)]);
      return { ended: 'timeout' };
    }
    const status = await call('inspect a test', () => orNull(exec.inspect()));
    if (status === null || status.ExitCode === null) throw new PassingTrouble('Docker has lost a test that was under way');
    return { ended: 'exited', exit_code: status.ExitCode };
  } finally {
    over.abort();
    await endTestsOf(placement);
  }
}

/** Ends with the stream, however that ends. */
function linesOf(docker: HostDeps['docker'], stream: NodeJS.ReadableStream, onLine: CommandRun['onLine']): Promise<void> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const rests = [eachLine(stdout, (line) => onLine('stdout', line)), eachLine(stderr, (line) => onLine('stderr', line))];
  (docker.modem as { demuxStream(from: NodeJS.ReadableStream, out: NodeJS.WritableStream, err: NodeJS.WritableStream): void }).demuxStream(stream, stdout, stderr);
  return new Promise((resolve) => {
    const end = (): void => {
      // What was demultiplexed is read in the same turn of the loop, or the next.
      setImmediate(() => {
        for (const rest of rests) rest();
        resolve();
      });
    };
    for (const event of ['end', 'close', 'error']) stream.once(event, end);
  });
}
