/** The tests of a rendered component as the host runs them, in the order in which they run. */
import type { DesiredTest } from '../desired.js';
import type { Component } from '../document/index.js';
import { testsRequiredBy } from '../document/check-tests.js';
import { inOrder } from '../test-results.js';
import type { ReportProblem } from './problems.js';

/** Left out when there are none. */
export function resolveTests({ tests }: Component, report: ReportProblem): { tests?: DesiredTest[] } {
  const names = Object.keys(tests);
  if (names.length === 0) return {};
  const ordered = inOrder(names.flatMap((name) => resolveTest(tests, name, report)));
  const gated = new Set<string>();
  // In order, so that what it requires was looked at before.
  for (const { name, requires } of ordered) if (requiresComponent(tests, name) || requires.some((required) => gated.has(required))) gated.add(name);
  return { tests: ordered.map((test) => ({ ...test, gated: gated.has(test.name) })) };
}

const requiresComponent = (tests: Component['tests'], name: string): boolean => tests[name]?.requires.some((required) => !Object.hasOwn(tests, required)) === true;

function resolveTest(tests: Component['tests'], name: string, report: ReportProblem): DesiredTest[] {
  const test = tests[name];
  if (test === undefined) return [];
  const common = { name, when: test.when, requires: testsRequiredBy(tests, name), gated: false, timeout_ms: test.timeout, blocking: test.blocking };
  const at = ['tests', name];
  const { command, url } = test;
  if (url !== undefined) {
    if (!/^https?:\/\/[^/]/.test(url)) report({ path: [...at, 'url'], message: `"${url}" is not an http or https address`, fix: 'Write for example http://localhost:8080/health.' });
    return [{ ...common, type: 'http', url, expect_status: test.expect_status ?? 200, expect_body_contains: test.expect_body_contains ?? null }];
  }
  if (command === undefined) return [];
  if (command.includes('\0')) report({ path: [...at, 'command'], message: 'a command cannot hold a NUL character', fix: 'Remove it.' });
  if (command.trim() === '') report({ path: [...at, 'command'], message: 'the command is empty', fix: 'Write the command.' });
  return [{ ...common, type: 'command', command }];
}
