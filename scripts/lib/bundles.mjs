// What esbuild makes: the control plane's processes (packages stay outside), and the host worker (everything inside).
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SetupError, root } from './run.mjs';

export const serverSources = ['spec', 'cli', 'prisma', 'control', 'gateway', 'api', 'activities', 'workers', 'workflows', 'scripts', 'tsconfig.json', 'package-lock.json'];
export const hostSources = ['spec', 'host-worker', 'scripts/lib/bundles.mjs', 'tsconfig.json', 'package-lock.json'];
export const workflowSources = ['spec', 'workflows', 'activities', 'workers', 'scripts/lib/bundles.mjs', 'package-lock.json'];

const entries = {
  api: 'api/main.ts',
  gateway: 'gateway/main.ts',
  worker: 'workers/main.ts',
  supervisor: 'scripts/supervisor.ts',
  'dev-stack': 'scripts/dev-stack.ts',
  maestro: 'cli/main.ts',
};

/** Bundles of our own TypeScript for this Node; every package is loaded from node_modules at run time. */
export async function bundleServers() {
  const { build } = await import('esbuild');
  const present = Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(join(root, path))));
  await build({
    absWorkingDir: root,
    entryPoints: present,
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  });
  return Object.keys(present);
}

// The Temporal worker package carries a workflow bundler that a host never uses: its tools become stubs that explain themselves.
// Docker over ssh (and its native crypto) is never used either: a host talks to its own socket.
const neverUsed = /^(webpack|swc-loader|source-map-loader|memfs|unionfs|@swc\/core|ssh2|cpu-features)(\/.*)?$/;

function stub(path) {
  const thrower = `() => { throw new Error(${JSON.stringify(`${path} is not in the host bundle`)}); }`;
  return `module.exports = new Proxy({}, { get: (_, key) => (key === '__esModule' ? false : ${thrower}) });`;
}

const selfContained = {
  name: 'self-contained',
  setup(build) {
    build.onResolve({ filter: neverUsed }, ({ path }) => ({ path, namespace: 'stub' }));
    build.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: stub(path), loader: 'js' }));
    build.onLoad({ filter: /core-bridge\/common\.js$/ }, () => ({
      contents: "exports.getPrebuiltPath = () => require('path').join(__dirname, 'core-bridge.node'); exports.PrebuildError = Error;",
      loader: 'js',
    }));
    build.onLoad({ filter: /@temporalio\/worker\/lib\/.*\.js$/ }, ({ path }) => ({
      // The package resolves its own files by name when it is loaded; in one file there is nothing to resolve.
      contents: readFileSync(path, 'utf8').replace(/require\.resolve\(([^)]*)\)/g, '(globalThis.__nothingToResolve ?? $1)'),
      loader: 'js',
    }));
  },
};

const rustTargets = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' };
const darwinTargets = { x64: 'x86_64-apple-darwin', arm64: 'aarch64-apple-darwin' };

function nativeCore() {
  const target = (process.platform === 'darwin' ? darwinTargets : rustTargets)[process.arch];
  const home = join(createRequire(import.meta.url).resolve('@temporalio/core-bridge/package.json'), '..');
  const file = join(home, 'releases', String(target), 'index.node');
  if (existsSync(file)) return file;
  throw new SetupError(`Temporal's native core has no build for ${process.platform}/${process.arch}`, 'use Linux or macOS on x64 or arm64', file);
}

/** One file that needs only `node` and the native core beside it: this is what runs on hosts; and one, with less in it, to install and change it. */
export async function bundleHostWorker(out = 'dist/host-worker') {
  const { build } = await import('esbuild');
  mkdirSync(join(root, out), { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { worker: 'host-worker/main.ts', 'maestro-host': 'host-worker/bundle/command.ts' },
    outdir: out,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    keepNames: true,
    sourcemap: 'external',
    define: { 'import.meta.url': '__bundleUrl', 'import.meta.dirname': '__dirname' },
    banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [selfContained],
    logLevel: 'error',
  });
  // Replaced, not overwritten: a running worker has the old file mapped.
  rmSync(join(root, out, 'core-bridge.node'), { force: true });
  cpSync(nativeCore(), join(root, out, 'core-bridge.node'));
}

/** Workflow code is bundled once here, so that the worker starts without a bundler. */
export async function bundleWorkflows(out = 'dist/workflow-bundle.js') {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const logger = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
  const converter = join(root, 'workflows', 'failure-converter.cjs');
  const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'workflows', 'index.ts'), failureConverterPath: converter, logger });
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, out), code);
  cpSync(converter, join(root, dirname(out), 'failure-converter.cjs'));
}
