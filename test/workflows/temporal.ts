/** A real Temporal server on a file of its own, as the product starts it, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { obtainTemporal, recorded } from '../../scripts/temporal-server.mjs';

export interface TemporalOptions {
  /** From how many events on the server suggests to continue in a new history. */
  longHistory?: number;
}
export interface Temporal { env: TestWorkflowEnvironment; stop(): Promise<void> }

/** Names nobody and no machine: histories are kept. */
export const identity = 'workflow-tests';

const tuning = ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=10000', '--dynamic-config-value', 'frontend.namespaceCount=20000', '--dynamic-config-value', 'frontend.namespaceRPS=20000', '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'];

export async function startTemporal({ longHistory }: TemporalOptions = {}): Promise<Temporal> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const { path } = recorded() ?? (await obtainTemporal(() => undefined));
  const folder = await mkdtemp(join(tmpdir(), 'maestro-workflows-'));
  const limit = longHistory === undefined ? [] : ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${longHistory}`];
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path }, ip: '127.0.0.1', dbFilename: join(folder, 'temporal.db'),
      log: { format: 'pretty', level: 'error' }, extraArgs: [...tuning, ...limit],
    },
    client: { identity },
  });
  return {
    env,
    stop: async () => {
      await env.teardown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
