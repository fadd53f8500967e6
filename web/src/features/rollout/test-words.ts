import type { TestResult, TestStage, TestState } from '../../../../spec/test-results.js';

const states: Record<TestState, string> = { passed: 'Passed', failed: 'Failed', skipped: 'Not run', timed_out: 'Too slow' };
const stages: Record<TestStage, string> = { pre_deploy: 'before the change', post_deploy: 'after the change' };

export const testWords = {
  tests: 'Tests',
  test: 'Test', when: 'When', result: 'Result', duration: 'Duration', remark: 'Remark',
  stages,
  ended: ({ state, blocking }: Pick<TestResult, 'state' | 'blocking'>) => `${states[state]}${blocking || state === 'passed' || state === 'skipped' ? '' : ' (does not block)'}`,
} as const;
