// Everything `npm test` means: the types, the lint, the rules of the house, then jest. All of it runs even when an early
// check fails, and the last line is the count: each check counts as one test.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute, root } from './lib/run.mjs';

const checkTimeoutMs = 10 * 60_000;
const jestTimeoutMs = 60 * 60_000;
const program = (path) => join(root, 'node_modules', path);

const checks = [
  ['types', program('typescript/bin/tsc'), ['--noEmit']],
  ...(existsSync(join(root, 'web', 'tsconfig.json')) ? [['types of the web app', program('typescript/bin/tsc'), ['--noEmit', '-p', 'web/tsconfig.json']]] : []),
  ['lint', program('eslint/bin/eslint.js'), ['.', '--max-warnings', '0']],
  ['rules of the house', program('dependency-cruiser/bin/dependency-cruise.mjs'), houseArguments()],
];

/** The folders to look at are written once, in the "house" script of package.json. */
function houseArguments() {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const args = scripts.house.split(/\s+/).slice(1);
  return args.filter((arg, index) => arg.startsWith('-') || args[index - 1] === '--config' || existsSync(join(root, arg)));
}

async function runCheck([name, file, args]) {
  const started = Date.now();
  const { code, output } = await execute(process.execPath, [file, ...args], { timeoutMs: checkTimeoutMs });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'PASS' : 'FAIL'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
  return code === 0;
}

/** Counts of a jest run. A suite that does not even load counts as one failure. */
export function countJest(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * Two runs side by side, since most of what a test on hosts does is wait, and at the end by itself what keeps the whole
 * machine busy. Every test is in exactly one: the second run is all that the others are not.
 */
const hostTests = ['host-worker', 'fuzz', 'attacks', 'bundle', 'fleet', 'lost-answers'].map((folder) => `<rootDir>/test/${folder}/`);
const heavyTests = ['<rootDir>/test/schedules/'];
const only = (folders) => folders.map((folder) => folder.replace('<rootDir>', '.*'));
const allBut = (folders) => ['--testPathIgnorePatterns', '/node_modules/', ...folders];
const none = { passed: 0, failed: 0, skipped: 0 };
const sum = (all) => all.reduce((left, right) => ({ passed: left.passed + right.passed, failed: left.failed + right.failed, skipped: left.skipped + right.skipped }), none);

async function runAll() {
  const beside = await Promise.all([runJest(only(hostTests)), runJest(allBut([...hostTests, ...heavyTests]))]);
  return sum([...beside, await runJest(only(heavyTests))]);
}

/** In a process of its own that is begun anew when it has grown: what suites leave behind makes those after them slow. */
const oneByOne = ['--maxWorkers=1', '--workerIdleMemoryLimit=1200MB'];

async function runJest(extra) {
  const folder = mkdtempSync(join(tmpdir(), 'maestro-jest-'));
  const outputFile = join(folder, 'report.json');
  try {
    const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', program('jest/bin/jest.js'), ...oneByOne, '--json', `--outputFile=${outputFile}`, ...extra];
    const { code, timedOut } = await execute(process.execPath, args, { timeoutMs: jestTimeoutMs, inherit: true });
    if (timedOut) console.log(`jest did not end within ${jestTimeoutMs / 60_000} minutes`);
    if (!existsSync(outputFile)) return { passed: 0, failed: 1, skipped: 0 };
    const counts = countJest(JSON.parse(readFileSync(outputFile, 'utf8')));
    // Ended badly without a failed test (an open handle, a coverage limit): that is a failure as well.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const results = [];
for (const check of checks) results.push(await runCheck(check));
const chosen = process.argv.slice(2);
const jest = chosen.length === 0 ? await runAll() : await runJest(chosen);
const passed = results.filter(Boolean).length + jest.passed;
const failed = results.filter((ok) => !ok).length + jest.failed;
if (jest.skipped > 0) console.log(`${jest.skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
