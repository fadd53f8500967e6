/** The tests of a component: which document is refused, in which order they run, and what a result means for those after it. */
import fc from 'fast-check';
import { parseDocument } from '../../spec/document/index.js';
import { resolveTests } from '../../spec/resolve/tests.js';
import { blockingFailure, hasFailed, inOrder, skippedBecause, testStates, testWarning, withResults, type TestOrder, type TestResult, type TestState } from '../../spec/test-results.js';
import { parsed, small } from './marked.js';

const written = (tests: string, more = ''): string => small({ component: `    tests: ${tests}\n${more}` });
const errorsOf = (text: string): string[] => parseDocument(text).errors.map(({ path, message }) => `${path}: ${message}`);
const resolved = (tests: string) => {
  const problems: string[] = [];
  const component = parsed(written(tests)).components['web'];
  if (component === undefined) throw new Error('no component');
  const { tests: found = [] } = resolveTests(component, ({ path, message }) => problems.push(`${path.join('.')}: ${message}`));
  return { found, problems };
};

describe('written', () => {
  test.each([
    ['{ a: {} }', /a test is a command, or an http request/],
    ['{ a: { command: x, type: http, url: "http://h/" } }', /a test is a command, or an http request/],
    ['{ a: { command: x, url: "http://h/" } }', /a test is a command, or an http request/],
    ['{ a: { type: http } }', /a test is a command, or an http request/],
    ['{ a: { command: x, expect_body_contains: y } }', /are for an http test/],
    ['{ a: { command: x, requires: [a] } }', /circle: a → a/],
    ['{ a: { command: x, requires: [web] } }', /cannot require its own component/],
    ['{ a: { command: x, requires: [nobody] } }', /there is no component "nobody"/],
    ['{ a: { command: x, requires: [b] }, b: { command: x, requires: [c] }, c: { command: x, requires: [a] } }', /circle: a → b → c → a/],
  ])('%s is refused', (tests, message) => {
    const errors = errorsOf(written(tests));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(message);
  });

  test('a name that is one of a test and of a component means the test', () => {
    expect(errorsOf(written('{ web: { command: x }, b: { command: x, requires: [web] } }'))).toEqual([]);
  });
});

describe('resolved', () => {
  test('with every default, and with the names of components left out of what it requires', () => {
    expect(resolved('{ a: { command: make }, b: { type: http, url: "http://h/", requires: [a] } }').found).toEqual([
      { name: 'a', when: 'post_deploy', requires: [], gated: false, timeout_ms: 300_000, blocking: true, type: 'command', command: 'make' },
      { name: 'b', when: 'post_deploy', requires: ['a'], gated: false, timeout_ms: 300_000, blocking: true, type: 'http', url: 'http://h/', expect_status: 200, expect_body_contains: null },
    ]);
  });

  test('what requires a component, directly or by another test, waits for the gates', () => {
    const text = `api_version: maestro/v1\nproject: p\nhosts: { h: {} }\ncomponents:\n  db: { run: { type: docker, image: x } }\n  web:\n    depends_on: [db]\n    run: { type: docker, image: x }\n    tests: { b: { command: x, when: pre_deploy, requires: [a] }, a: { command: x, when: pre_deploy, requires: [db] }, c: { command: x, when: pre_deploy } }\ndeployment: [{ host: h, components: [db, web] }]\n`;
    const component = parsed(text).components['web'];
    const { tests = [] } = component === undefined ? {} : resolveTests(component, () => undefined);
    expect(tests.map(({ name, gated, requires }) => [name, gated, requires])).toEqual([['a', true, []], ['b', true, ['a']], ['c', false, []]]);
  });

  test('an address that is none and a command that is empty are told at their place', () => {
    expect(resolved('{ a: { type: http, url: "ftp://h/" } }').problems).toEqual(['tests.a.url: "ftp://h/" is not an http or https address']);
    expect(resolved('{ a: { command: "a\\0b" } }').problems).toEqual(['tests.a.command: a command cannot hold a NUL character']);
  });
});

/** Tests with names t0, t1…, each requiring some before it in a hidden order, so that there is no circle; listed in another order. */
const tests = fc.array(fc.record({ required: fc.array(fc.nat(), { maxLength: 3 }), pre: fc.boolean(), blocking: fc.boolean(), key: fc.double({ noNaN: true }) }), { minLength: 1, maxLength: 12 }).map((drawn) => {
  const made: (TestOrder & { key: number })[] = [];
  for (const [index, { required, pre, blocking, key }] of drawn.entries()) {
    const requires = [...new Set(index === 0 ? [] : required.map((number) => `t${String(number % index)}`))];
    const when = pre && requires.every((name) => made.find((one) => one.name === name)?.when === 'pre_deploy') ? 'pre_deploy' as const : 'post_deploy' as const;
    made.push({ name: `t${String(index)}`, when, requires, blocking, key });
  }
  return made.sort((a, b) => a.key - b.key);
});

describe('the order', () => {
  test('keeps every test once, what is required before what requires it, and what is before the change before the rest', () => {
    fc.assert(fc.property(tests, (listed) => {
      const names = inOrder(listed).map(({ name }) => name);
      expect([...names].sort()).toEqual(listed.map(({ name }) => name).sort());
      for (const { name, requires } of listed) for (const required of requires) expect(names.indexOf(required)).toBeLessThan(names.indexOf(name));
      const stages = inOrder(listed).map(({ when }) => when);
      expect(stages.lastIndexOf('pre_deploy')).toBeLessThan(stages.includes('post_deploy') ? stages.indexOf('post_deploy') : stages.length);
    }));
  });

  test('is that of the document where nothing is required', () => {
    fc.assert(fc.property(tests, (listed) => {
      const free = listed.map((test) => ({ ...test, when: 'post_deploy' as const, requires: [] }));
      expect(inOrder(free)).toEqual(free);
    }));
  });
});

/** As the host does it, with states that are drawn for what runs. */
function walked(listed: readonly TestOrder[], stateOf: (name: string) => TestState): TestResult[] {
  const ended: TestResult[] = [];
  for (const test of inOrder(listed)) {
    const reason = skippedBecause(test, ended);
    ended.push({ name: test.name, when: test.when, blocking: test.blocking, duration_ms: 0, state: reason === null ? stateOf(test.name) : 'skipped', detail: reason ?? '' });
  }
  return ended;
}

describe('what a result means', () => {
  const states = fc.array(fc.constantFrom(...testStates.filter((state) => state !== 'skipped')), { minLength: 12, maxLength: 12 });
  const stateFrom = (drawn: readonly TestState[]) => (name: string): TestState => drawn[Number(name.slice(1))] ?? 'passed';

  test('nothing runs after a failure that blocks, nor when something it requires has not passed; everything else does', () => {
    fc.assert(fc.property(tests, states, (listed, drawn) => {
      const ended = walked(listed, stateFrom(drawn));
      const stop = ended.findIndex((result) => result.blocking && hasFailed(result));
      for (const [index, { name, state, detail }] of ended.entries()) {
        const required = listed.find((test) => test.name === name)?.requires ?? [];
        const stopped = stop !== -1 && index > stop;
        const unmet = required.some((other) => ended.find((result) => result.name === other)?.state !== 'passed');
        expect([name, state === 'skipped']).toEqual([name, stopped || unmet]);
        if (state === 'skipped') expect(detail).toMatch(/^not run, since t\d+/);
      }
    }));
  });

  test('only a failure of a test that blocks fails the step; the others are a warning', () => {
    fc.assert(fc.property(tests, states, (listed, drawn) => {
      const ended = walked(listed, stateFrom(drawn));
      const failed = ended.filter(hasFailed);
      expect(blockingFailure(ended)).toEqual(failed.find(({ blocking }) => blocking) ?? null);
      expect(testWarning(ended) === null).toBe(failed.every(({ blocking }) => blocking));
    }));
  });

  test('the warning names them with what was seen, and not too many', () => {
    const result = (name: string): TestResult => ({ name, when: 'post_deploy', state: 'failed', blocking: false, duration_ms: 1, detail: 'http 500' });
    expect(testWarning([result('a')])).toBe('done, but a test failed that does not block: a (http 500)');
    expect(testWarning(['a', 'b', 'c', 'd'].map(result))).toBe('done, but 4 tests failed that do not block: a (http 500), b (http 500), c (http 500) …');
    expect(testWarning()).toBeNull();
  });

  test('a test that was run again is told once, as it ended last', () => {
    const result = (name: string, state: TestState): TestResult => ({ name, when: 'post_deploy', state, blocking: true, duration_ms: 1, detail: '' });
    expect(withResults([result('a', 'passed'), result('b', 'failed')], [result('b', 'passed')])).toEqual([result('a', 'passed'), result('b', 'passed')]);
  });
});
