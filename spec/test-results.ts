/**
 * Tests of a component (language.md §3): which comes next, which is not run and why, and what their results mean.
 * Pure; the host runs them, everyone else shows what came of it.
 */
import { topologicalOrder } from './document/cycles.js';

export const testStages = ['pre_deploy', 'post_deploy'] as const;
export type TestStage = (typeof testStages)[number];

export const testStates = ['passed', 'failed', 'skipped', 'timed_out'] as const;
export type TestState = (typeof testStates)[number];

/** How one test ended. `detail`: what was seen, at most 200 characters, without secrets. */
export interface TestResult { name: string; when: TestStage; state: TestState; blocking: boolean; duration_ms: number; detail: string }

/** What ordering and judging need to know of a test; `requires` names tests of the same component. */
export interface TestOrder { name: string; when: TestStage; requires: readonly string[]; blocking: boolean }

/** A test may not run longer; nor may all tests of one stage of one step together. Both fit into the time that a step has on a host. */
export const longestTestMs = 20 * 60_000;
export const testsMax = 50;
export const longestDetail = 200;

/** What is required comes first; what is before anything is changed comes before the rest; the order of the document breaks ties. */
export function inOrder<T extends TestOrder>(tests: readonly T[]): T[] {
  const byName = new Map(tests.map((test) => [test.name, test]));
  const names = testStages.flatMap((stage) => tests.filter(({ when }) => when === stage).map(({ name }) => name));
  return topologicalOrder(names, (name) => byName.get(name)?.requires ?? []).flatMap((name) => byName.get(name) ?? []);
}

export const hasFailed = ({ state }: Pick<TestResult, 'state'>): boolean => state === 'failed' || state === 'timed_out';

/** Why a test is not run, by what has ended so far; null: it is. */
export function skippedBecause({ requires }: TestOrder, ended: readonly TestResult[]): string | null {
  const stop = blockingFailure(ended);
  if (stop !== null) return `not run, since ${stop.name} failed`;
  for (const name of requires) {
    const before = ended.find((result) => result.name === name);
    if (before === undefined) return `not run, since ${name}, which it requires, has not run`;
    if (before.state !== 'passed') return `not run, since ${name}, which it requires, ${before.state === 'skipped' ? 'was not run' : 'failed'}`;
  }
  return null;
}

/** The failure that fails the step: the first of a test that blocks. */
export const blockingFailure = (results: readonly TestResult[]): TestResult | null => results.find((result) => result.blocking && hasFailed(result)) ?? null;

const shownWarnings = 3;

/** For a step that ended well: which tests failed that do not block; null when none did. */
export function testWarning(results: readonly TestResult[] = []): string | null {
  const failed = results.filter((result) => hasFailed(result) && !result.blocking);
  if (failed.length === 0) return null;
  const shown = failed.slice(0, shownWarnings).map(({ name, detail }) => `${name} (${detail})`).join(', ');
  return `done, but ${failed.length === 1 ? 'a test' : `${String(failed.length)} tests`} failed that ${failed.length === 1 ? 'does' : 'do'} not block: ${shown}${failed.length > shownWarnings ? ' …' : ''}`;
}

/** The results so far with newer ones: a test that was run again is told once, as it ended last. */
export function withResults(before: readonly TestResult[], newer: readonly TestResult[]): TestResult[] {
  const names = new Set(newer.map(({ name }) => name));
  return [...before.filter(({ name }) => !names.has(name)), ...newer];
}
