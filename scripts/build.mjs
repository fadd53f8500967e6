// Everything that is made from the sources: generated code, bundles, the web app. `npm run build` makes all of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleHostWorker, bundleServers, bundleWorkflows, hostSources, serverSources, workflowSources } from './lib/bundles.mjs';
import { buildHostBundle, bundleSources, downloads } from './lib/host-bundle.mjs';
import { SetupError, root, run } from './lib/run.mjs';
import { hashOf, isCurrent, stampStep } from './lib/stamps.mjs';

const has = (path) => existsSync(join(root, path));
/** With Node's whole version, since Node is in it. */
export const hostBundle = `host-bundle-${process.version}`;
const generatedTypes = 'web/src/api/schema.d.ts';

/** The schema engine is a download that code generation does not need; naming another program in its place avoids it. */
async function generatePrisma() {
  const nothing = ['/bin/true', '/usr/bin/true'].find((path) => existsSync(path)) ?? process.execPath;
  await run('generating the database client', process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--schema', 'prisma/schema.prisma'], {
    timeoutMs: 120_000,
    env: { PRISMA_SCHEMA_ENGINE_BINARY: nothing, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    fix: 'check prisma/schema.prisma',
  });
}

async function buildWeb() {
  await run('building the web app', process.execPath, ['node_modules/next/dist/bin/next', 'build', 'web'], {
    timeoutMs: 15 * 60_000,
    env: { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', NODE_OPTIONS: '' },
    fix: 'read the compiler messages above',
  });
}

/** Each step: what it reads, what it writes, what it does. A step whose source folder does not exist is left out. */
export const buildSteps = [
  { key: 'prisma', title: 'generating the database client', needs: 'prisma/schema.prisma', reads: ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'], writes: ['prisma/generated'], work: generatePrisma },
  { key: 'client', title: 'generating the API client', needs: 'api/openapi.ts', reads: ['api', 'control', 'spec', 'gateway', 'scripts/generate-client.mjs', 'package-lock.json'], writes: [generatedTypes], work: async () => (await import('./generate-client.mjs')).generateClient() },
  { key: 'servers', title: 'bundling the servers', needs: 'scripts/supervisor.ts', reads: serverSources, writes: ['dist/supervisor.mjs'], work: bundleServers },
  { key: 'host-worker', title: 'bundling the host worker', needs: 'host-worker/main.ts', reads: hostSources, writes: ['dist/host-worker/worker.cjs', 'dist/host-worker/maestro-host.cjs', 'dist/host-worker/core-bridge.node'], work: () => bundleHostWorker() },
  { key: hostBundle, title: 'packing the host bundle', optional: true, needs: 'host-worker/bundle/command.ts', reads: bundleSources, writes: [`${downloads}/install.sh.in`], work: () => buildHostBundle() },
  { key: 'workflows', title: 'bundling the workflows', needs: 'workflows/index.ts', reads: workflowSources, writes: ['dist/workflow-bundle.js'], work: () => bundleWorkflows() },
  { key: 'web', title: 'building the web app', needs: 'web/package.json|web/next.config.mjs|web/next.config.ts|web/next.config.js', reads: ['web', 'spec', 'package-lock.json'], writes: ['web/.next/BUILD_ID'], work: buildWeb },
];

export const isWanted = (step) => step.needs.split('|').some(has);

/** A compiler has already said what is wrong and where; its stack is of no use. */
async function explained(step) {
  try {
    await step.work();
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`${step.title}: ${error.message}`, 'correct the sources named above');
  }
}

/** Runs a step unless its stamp is current. True when there was something to do. */
export async function runStep(step) {
  // Hashed before the work: a source edited meanwhile makes the next run do the step again.
  const hash = hashOf(step.reads);
  if (isCurrent(step.key, hash, step.writes)) return false;
  await explained(step);
  stampStep(step.key, hash);
  return true;
}

/** As runStep; what an optional step cannot do is said, and is no reason to stop. */
export async function runStepOrSay(step, say) {
  try {
    return await runStep(step);
  } catch (error) {
    if (!(error instanceof SetupError) || step.optional !== true) throw error;
    say(error.message);
    return false;
  }
}

async function buildSome(steps, say, runOne) {
  for (const step of steps.filter(isWanted)) {
    const started = Date.now();
    const worked = await runOne(step, say);
    say(`${step.title} … ${worked ? `${Math.round((Date.now() - started) / 1000)} s` : 'up to date'}`);
  }
}

export const buildAll = (say) => buildSome(buildSteps, say, runStepOrSay);

/** `host-bundle` with what it is made of; otherwise the one step of that name. */
function stepsOf(name) {
  const keys = name === 'host-bundle' ? ['host-worker', hostBundle] : [name];
  const steps = buildSteps.filter(({ key }) => keys.includes(key));
  if (steps.length > 0) return steps;
  throw new SetupError(`there is no build step "${name}"`, `use one of ${buildSteps.map(({ key }) => (key === hostBundle ? 'host-bundle' : key)).join(', ')}, or none for all`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const say = (line) => console.log(line);
    const names = process.argv.slice(2);
    if (names.length === 0) await buildAll(say);
    else await buildSome([...new Set(names.flatMap(stepsOf))], say, runStep);
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exit(1);
  }
}
