/** Runs the tests of one stage, one after the other, up to a failure that blocks; what each said is told as it comes. */
import type { DesiredPlacement, DesiredTest } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { blockingFailure, longestDetail, longestTestMs, skippedBecause, type TestResult } from '../../spec/test-results.js';
import type { HostDeps } from '../activate/host-deps.js';
import { type Step, throwIfCancelled } from '../activate/step.js';
import { probeOf } from '../health/probe.js';
import { commandInContainer, type ContainerEnd } from './command-in-container.js';
import { commandOnHost, type CommandRun } from './command-on-host.js';
import { endTestsOf } from './leftovers.js';

const tailLines = 60;
const longestShown = 120;

interface Ending { state: 'passed' | 'failed' | 'timed_out'; detail: string; tail: string[] }
export interface StageEnd { results: TestResult[]; /** What the one that failed the stage said last. */ tail: string }

/** `before`: results of what has run already. A test that fails is a result; throws only when it could not be run at all. */
export function runStage(deps: HostDeps, step: Step, placement: DesiredPlacement, tests: readonly DesiredTest[], before: readonly TestResult[]): Promise<StageEnd> {
  const { report } = step;
  const deadline = performance.now() + longestTestMs - (report.phases.find(({ phase }) => phase === 'test')?.duration_ms ?? 0);
  return deps.locks.run(`tests ${placement.deploy_id}/${placement.component}`, step.signal, async () => {
    // Of a worker that was killed in the middle.
    await endTestsOf(placement);
    const results: TestResult[] = [];
    let tail = '';
    for (const test of tests) {
      const { name, when, blocking } = test;
      const reason = skippedBecause(test, [...before, ...results]);
      const started = performance.now();
      const { state, detail, tail: said } = reason === null ? await runTest(deps, step, placement, test, deadline - started) : { state: 'skipped' as const, detail: reason, tail: [] };
      const result = { name, when, state, blocking, duration_ms: Math.round(reason === null ? performance.now() - started : 0), detail: cut(report.withoutSecrets(detail), longestDetail) };
      results.push(result);
      report.output('info', sentenceOf(result));
      if (blockingFailure([result]) !== null) tail = said.join('\n');
    }
    return { results, tail };
  });
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

const words = { passed: 'passed', failed: 'failed', timed_out: 'was not done in time', skipped: 'was skipped' } as const;

const sentenceOf = ({ name, state, blocking, duration_ms: ms, detail }: TestResult): string =>
  `test ${name} ${words[state]}${state === 'skipped' ? '' : ` after ${(ms / 1000).toFixed(1)} s`}${state === 'passed' || detail === '' ? '' : `: ${detail}`}${blocking || state === 'passed' || state === 'skipped' ? '' : ' (it does not block)'}`;

async function runTest(deps: HostDeps, step: Step, placement: DesiredPlacement, test: DesiredTest, leftMs: number): Promise<Ending> {
  const timeoutMs = Math.round(Math.min(test.timeout_ms, leftMs));
  if (timeoutMs <= 0) return { state: 'timed_out', detail: `the tests of one step may take ${String(longestTestMs / 60_000)} minutes together`, tail: [] };
  step.report.output('info', `test ${test.name} (${test.when}): ${cut((test.type === 'http' ? test.url : test.command).trim().replace(/\s+/g, ' '), longestShown)}`);
  const ending = await step.effect('test.run', () => (test.type === 'http' ? ask(test, timeoutMs, step.signal) : runCommand(deps, step, placement, test, timeoutMs)));
  throwIfCancelled(step.signal);
  return ending;
}

async function ask({ url, expect_status, expect_body_contains }: Extract<DesiredTest, { type: 'http' }>, timeoutMs: number, signal: AbortSignal): Promise<Ending> {
  const started = performance.now();
  const once = { interval_ms: timeoutMs, timeout_ms: timeoutMs, start_period_ms: 0, retries: 1 };
  const probe = probeOf({ type: 'http', url, expect_status, expect_body_contains, ...once }, () => Promise.resolve({ ok: false, detail: '' }), (said) => said);
  const { ok, detail } = await probe(timeoutMs, signal);
  return { state: ok ? 'passed' : performance.now() - started >= timeoutMs ? 'timed_out' : 'failed', detail, tail: [] };
}

async function runCommand(deps: HostDeps, step: Step, placement: DesiredPlacement, { command, when }: Extract<DesiredTest, { type: 'command' }>, timeoutMs: number): Promise<Ending> {
  const tail: string[] = [];
  const onLine = (stream: 'stdout' | 'stderr', line: string): void => {
    step.report.output(stream, line);
    if (line.trim() === '') return;
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
  };
  const run: CommandRun = { command, timeoutMs, signal: step.signal, onLine };
  const end = isDocker(placement) && when === 'post_deploy' ? await commandInContainer(deps, placement, run) : await commandOnHost(deps, placement, when, run);
  return { ...judge(end, timeoutMs, tail.at(-1) ?? ''), tail };
}

const isDocker = (placement: DesiredPlacement): placement is DesiredPlacement & { run: { type: 'docker' } } => placement.run.type === 'docker';

function judge(end: ContainerEnd, timeoutMs: number, said: string): Omit<Ending, 'tail'> {
  if (end.ended === 'timeout') return { state: 'timed_out', detail: `not done after ${String(timeoutMs / 1000)} s` };
  if (end.ended === 'not_started') return { state: 'failed', detail: end.why };
  if (end.ended === 'killed') return { state: 'failed', detail: `ended by ${end.by}` };
  return end.exit_code === 0 ? { state: 'passed', detail: 'exited with code 0' } : { state: 'failed', detail: `exited with code ${String(end.exit_code)}${said === '' ? '' : `: ${said}`}` };
}

/** Throws `test_failed` for a failure that blocks; callers are in the phase of the tests. */
export function refuseFailure({ component }: DesiredPlacement, results: readonly TestResult[], tail: string): void {
  const failure = blockingFailure(results);
  if (failure === null) return;
  throw new MaestroError('test_failed', `test ${failure.name} of ${component} ${words[failure.state]}: ${failure.detail}`, {
    fix: failure.when === 'pre_deploy' ? 'Read its output, mend what it found or the test, and submit a new version; nothing was touched.' : 'Read its output, mend what it found or the test, and submit a new version.',
    details: { test: failure.name, output_tail: tail },
  });
}
