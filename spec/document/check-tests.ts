/** The tests of a component: what they require must be there, must come before them, and must not go in a circle. */
import { longestTestMs, testsMax } from '../test-results.js';
import { findCycle } from './cycles.js';
import type { Path } from './path.js';
import type { Component, DeployDocument } from './schema.js';

type Report = (path: Path, message: string, fix: string) => void;
type Tests = Component['tests'];

/** `component` reports a name that no component has. */
export function checkTests({ components }: Pick<DeployDocument, 'components'>, component: (name: string, path: Path) => void, report: Report): void {
  for (const [id, { tests }] of Object.entries(components)) {
    const at = (...rest: Path): Path => ['components', id, 'tests', ...rest];
    if (Object.keys(tests).length === 0) continue;
    if (Object.keys(tests).length > testsMax) report(at(), `a component has at most ${String(testsMax)} tests`, 'Let one test run several things, or split the component.');
    const before = dependenciesOf(id, components);
    for (const [name, test] of Object.entries(tests)) {
      if (test.timeout > longestTestMs) report(at(name, 'timeout'), `a test may take at most ${String(longestTestMs / 60_000)} minutes`, 'Lower the timeout, or split the test.');
      test.requires.forEach((required, index) => checkRequired({ id, name, tests, before }, required, at(name, 'requires', index), component, components, report));
    }
    const cycle = findCycle(Object.keys(tests), (name) => testsRequiredBy(tests, name));
    if (cycle !== null) report(at(cycle[0] ?? '', 'requires'), `tests require each other in a circle: ${cycle.join(' → ')}`, 'Remove one requires of the circle.');
  }
}

interface Scene { id: string; name: string; tests: Tests; before: ReadonlySet<string> }

/** A name means the test of the same component, if there is one, else the component. */
function checkRequired({ id, name, tests, before }: Scene, required: string, path: Path, component: (name: string, path: Path) => void, components: DeployDocument['components'], report: Report): void {
  if (Object.hasOwn(tests, required)) {
    if (tests[name]?.when === 'pre_deploy' && tests[required]?.when === 'post_deploy') report(path, `"${name}" runs before anything is changed, and "${required}", which it requires, afterwards`, 'Make both pre_deploy or both post_deploy.');
    return;
  }
  component(required, path);
  if (Object.hasOwn(components, required) && !before.has(required)) {
    report(path, required === id ? 'a test cannot require its own component: a post_deploy test runs once that is healthy' : `the test requires ${required}, which ${id} does not wait for`, required === id ? 'Remove it.' : `Add ${required} to the depends_on of ${id}, or remove it here.`);
  }
}

/** Of the names that a test requires, those of tests; the others are components. */
export const testsRequiredBy = (tests: Readonly<Record<string, { requires: readonly string[] }>>, name: string): string[] =>
  (Object.hasOwn(tests, name) ? tests[name]?.requires ?? [] : []).filter((required) => Object.hasOwn(tests, required));

function dependenciesOf(id: string, components: DeployDocument['components']): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const other of Object.hasOwn(components, next) ? components[next]?.depends_on ?? [] : []) {
      if (found.has(other)) continue;
      found.add(other);
      open.push(other);
    }
  }
  return found;
}
