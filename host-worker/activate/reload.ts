/** Telling what runs to read its files again. A reload that is repeated after a kill does no harm, so it leaves no mark. */
import type Dockerode from 'dockerode';
import { MaestroError } from '../../spec/errors.js';
import { refused } from '../docker/docker-call.js';
import type { ContainerUndo } from '../docker/replace.js';
import { runInContainer } from '../health/commands.js';
import { unitJob } from '../systemd/systemctl.js';
import { messageOf, PassingTrouble } from '../trouble.js';
import type { Step } from './step.js';

const timeoutMs = 60_000;

export async function reloadContainer(docker: Dockerode, step: Step, { name, old, reload }: ContainerUndo): Promise<string> {
  if (old === null || reload === undefined) throw refused(`reloading the container ${name}`, new Error('it is gone'));
  await step.report.phase('start', async () => {
    step.report.output('info', `reloading container ${name}`);
    await step.effect('container.reload', () => runReload(docker, old.id, reload, step.signal));
  });
  return old.id;
}

export async function runReload(docker: Dockerode, id: string, words: readonly string[], signal: AbortSignal): Promise<void> {
  const over = AbortSignal.timeout(timeoutMs);
  const { code, output } = await runInContainer(docker, id, words, timeoutMs, AbortSignal.any([signal, over])).catch((error: unknown) => {
    if (error instanceof PassingTrouble || signal.aborted) throw error;
    throw failed(over.aborted ? `did not end within ${String(timeoutMs / 1000)} s` : messageOf(error), '');
  });
  if (code !== 0) throw failed(`exited with code ${String(code)}`, output);
}

const failed = (how: string, output: string): MaestroError =>
  new MaestroError('runtime_error', `reload_command ${how}`, { fix: 'Read what it said, mend the files or the command, and retry.', details: { output_tail: output } });

export async function reloadUnit(step: Step, unit: string): Promise<void> {
  await step.report.phase('start', async () => {
    step.report.output('info', `systemctl reload ${unit}`);
    await step.effect('unit.reload_running', () => unitJob('reload', unit));
  });
}
