// Makes a fresh checkout ready: `npm start` and `npm test` run this first. Only Node's own modules are used until the
// packages are installed. Each step is skipped when nothing it reads has changed, so a second run takes a moment.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDisk, checkNode, packagesAreInstalled } from './lib/checks.mjs';
import { takeLock } from './lib/lock.mjs';
import { SetupError, root, run } from './lib/run.mjs';

const withTests = process.argv.includes('--tests');

async function checks() {
  checkNode();
  checkDisk();
  return false;
}

async function installPackages() {
  if (packagesAreInstalled()) return false;
  // No package's install script is needed; leaving them out keeps the install offline-friendly and predictable.
  await run('installing packages', 'npm', ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'], {
    timeoutMs: 20 * 60_000,
    fix: 'check the access to the npm registry (npm config get registry), then start again',
  });
  return true;
}

async function build(keys) {
  const { buildSteps, hostBundle, isWanted, runStepOrSay } = await import('./build.mjs');
  const wanted = keys.map((key) => (key === 'host-bundle' ? hostBundle : key));
  let worked = false;
  for (const step of buildSteps.filter((one) => wanted.includes(one.key) && isWanted(one))) worked = (await runStepOrSay(step, (line) => console.log(`      ${line}`))) || worked;
  return worked;
}

async function temporal() {
  const { obtainTemporal, recorded } = await import('./temporal-server.mjs');
  if (recorded()) return false;
  await obtainTemporal((line) => console.log(`      ${line}`));
  return true;
}

async function testNeeds() {
  const { ensureTestNeeds } = await import('./lib/test-needs.mjs');
  return ensureTestNeeds((line) => console.log(`      ${line}`));
}

const steps = [
  ['checking Node and the disk', checks],
  ['installing packages', installPackages],
  ['generating code', () => build(['prisma', 'client'])],
  ['bundling the processes', () => build(['servers', 'host-worker', 'host-bundle', 'workflows'])],
  ['building the web app', () => build(['web'])],
  ['getting the Temporal server', temporal],
  ...(withTests ? [['getting what tests need', testNeeds]] : []),
];

/** A line appears when a step has worked for a moment, so a set-up with nothing to do stays silent. */
async function runNumbered(index, title, work) {
  const label = `[${index + 1}/${steps.length}] ${title}`;
  const started = Date.now();
  const announce = setTimeout(() => console.log(`${label} …`), 1_000);
  try {
    const worked = await work();
    if (worked) console.log(`${label} … ${Math.round((Date.now() - started) / 1000)} s`);
    return worked;
  } finally {
    clearTimeout(announce);
  }
}

async function main() {
  checkNode();
  const free = await takeLock(join(root, 'dist', '.setup.lock'), (line) => console.log(line));
  const started = Date.now();
  try {
    let worked = false;
    for (const [index, [title, work]] of steps.entries()) worked = (await runNumbered(index, title, work)) || worked;
    if (worked) console.log(`ready after ${Math.round((Date.now() - started) / 1000)} s`);
  } finally {
    free();
  }
}

if (!existsSync(join(root, 'package.json'))) throw new Error(`${root} is not the project`);
try {
  await main();
} catch (error) {
  if (process.exitCode) process.exit(); // interrupted: the signal has said enough
  console.error(error instanceof SetupError ? `\nset-up failed: ${error.message}` : error);
  process.exit(1);
}
