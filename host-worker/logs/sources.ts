/** Where the lines of a placement come from: Docker for its container, journald for its unit. Of its own only. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { MaestroError } from '../../spec/errors.js';
import { call, refused } from '../docker/docker-call.js';
import { isOf } from '../docker/labels.js';
import { inspectContainer, isTransitional, listAll } from '../docker/own-containers.js';
import type { Journal, PlacementKey } from '../journal/journal.js';
import { unitsWithLogs } from '../slots/serving.js';
import { dockerLines, journalLine, type LogLine } from './lines.js';

export interface Wanted { tail: number; follow: boolean; signal: AbortSignal }

/** Ends when there are no more lines, or with the signal. Throws not_found for a placement that has nothing here. */
export async function linesOf({ docker, journal }: { docker: Dockerode; journal: Journal }, key: PlacementKey, wanted: Wanted): Promise<AsyncIterable<LogLine>> {
  const units = await unitsWithLogs(journal, key);
  if (units.length > 0) return unitLines(units, wanted);
  const container = (await listAll(docker)).find(({ name, labels }) => isOf(labels, key) && !isTransitional(name));
  if (container === undefined) throw new MaestroError('not_found', `${key.component} has nothing on this host that has logs`, { fix: 'Apply the deploy first.' });
  const found = await inspectContainer(docker, container.id);
  return dockerLines(await containerStream(docker, container.id, wanted), found?.Config.Tty === true);
}

/** As a stream in any case: what a container has written last may be more than fits into memory. */
async function containerStream({ modem }: Dockerode, id: string, { tail, follow, signal }: Wanted): Promise<Readable> {
  const query = { stdout: true, stderr: true, timestamps: true, tail: String(tail), follow };
  try {
    return await call('read logs', () => new Promise<Readable>((resolve, reject) => {
      const options = { path: `/containers/${id}/logs?`, method: 'GET', options: { _query: query }, isStream: true, abortSignal: signal, statusCodes: { 200: true, 404: 'no such container', 500: 'server error' } };
      modem.dial(options, (error, stream) => (error === null ? resolve(stream as Readable) : reject(error)));
    }));
  } catch (error) {
    throw refused('reading the logs of the container', error);
  }
}

const journalLineMax = 1 << 20;

async function* unitLines(units: readonly string[], { tail, follow, signal }: Wanted): AsyncGenerator<LogLine> {
  const argv = [...units.flatMap((unit) => ['--unit', unit]), '--lines', String(tail), '--output', 'json', '--no-pager', '--quiet', ...(follow ? ['--follow'] : [])];
  const child = spawn('journalctl', argv, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } });
  const stop = (): void => void child.kill('SIGKILL');
  child.on('error', (error) => child.stdout.destroy(error));
  signal.addEventListener('abort', stop, { once: true });
  let rest = '';
  try {
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > journalLineMax) throw new MaestroError('runtime_error', 'a line of the journal is too long', { fix: 'Read it on the host with journalctl.' });
      for (const line of lines) {
        const read = journalLine(line);
        if (read !== null) yield read;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
