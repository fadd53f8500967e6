/**
 * The two moments at which a placement is tested: with its release ready and nothing touched, and once the new one is
 * healthy and can still be put back. Tests go with a change: what is as it shall be is not tested.
 */
import type { DesiredPlacement, DesiredTest } from '../../spec/desired.js';
import { changesHost } from '../../spec/plan.js';
import { planHost } from '../../spec/plan-host.js';
import { blockingFailure, type TestStage } from '../../spec/test-results.js';
import type { HostDeps } from '../activate/host-deps.js';
import type { Step } from '../activate/step.js';
import { loginsOf } from '../credentials/logins.js';
import { observePlacements } from '../observe/observe.js';
import { refuseFailure, runStage } from './run-stage.js';

const testsOf = ({ tests = [] }: DesiredPlacement, stage: TestStage): DesiredTest[] => tests.filter(({ when }) => when === stage);

/** Tests that need nothing else to be healthy may run ahead of the gates. */
const aheadOf = (placement: DesiredPlacement): DesiredTest[] => testsOf(placement, 'pre_deploy').filter(({ gated }) => !gated);

/** The values of secrets are asked for, so that what a test says can be told without them. */
export const testsTellSecrets = (placement: DesiredPlacement): boolean => placement.digest_key !== undefined && aheadOf(placement).length > 0;

/** Called with all that is fetched and built. Throws `test_failed`. */
export async function testAhead(deps: HostDeps, step: Step, placement: DesiredPlacement): Promise<void> {
  const tests = aheadOf(placement);
  if (tests.length > 0 && (await willChange(deps, step, placement))) await testOnce(deps, step, placement, tests);
}

/** What was not run ahead. True: it has run now, and took its time. Throws `test_failed`; nothing was touched. */
export const testBefore = (deps: HostDeps, step: Step, placement: DesiredPlacement): Promise<boolean> =>
  testOnce(deps, step, placement, testsOf(placement, 'pre_deploy'));

/** With the new one healthy, before there is no way back. Throws `test_failed`. */
export async function testAfter(deps: HostDeps, step: Step, placement: DesiredPlacement): Promise<void> {
  const tests = testsOf(placement, 'post_deploy');
  const before = await deps.journal.testResults(step.key);
  step.report.keepTests(before);
  if (tests.length === 0) return;
  await step.report.phase('test', async () => {
    const { results, tail } = await runStage(deps, step, placement, tests, before);
    step.report.keepTests(results);
    refuseFailure(placement, results, tail);
  });
}

async function willChange(deps: HostDeps, { signal, key }: Step, placement: DesiredPlacement): Promise<boolean> {
  const { facts, observed } = await observePlacements(deps, [placement], signal, 'never', loginsOf(deps.control, key.run_id, signal, placement.component));
  return planHost([placement], observed, facts).some(({ action, operations }) => action !== 'conflict' && changesHost(operations));
}

/** How they ended is kept under the attempt: whoever repeats it is told the same and does not run them again. */
async function testOnce({ journal, ...deps }: HostDeps, step: Step, placement: DesiredPlacement, tests: readonly DesiredTest[]): Promise<boolean> {
  if (tests.length === 0) return false;
  const known = await journal.testResults(step.key);
  step.report.keepTests(known);
  const stopped = blockingFailure(known) !== null;
  const due = stopped ? [] : tests.filter(({ name }) => !known.some((result) => result.name === name));
  if (due.length === 0 && !stopped) return false;
  await step.report.phase('test', async () => {
    const { results, tail } = stopped ? { results: [], tail: '' } : await runStage({ journal, ...deps }, step, placement, due, known);
    if (!stopped) await step.effect('journal.tests', () => journal.keepTests(step.key, results));
    step.report.keepTests(results);
    refuseFailure(placement, [...known, ...results], tail);
  });
  return true;
}
