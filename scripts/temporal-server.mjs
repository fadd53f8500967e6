// Finds or obtains the Temporal server: on PATH, in the cache, built from the pinned Go module, or downloaded.
// The result is written to dist/temporal-server.json, where the supervisor reads it.
import { createHash } from 'node:crypto';
import { accessSync, constants, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { SetupError, execute, root } from './lib/run.mjs';

const moduleFolder = join(root, 'temporal-server');
const record = join(root, 'dist', 'temporal-server.json');
const buildTimeoutMs = 20 * 60_000;
const downloadTimeoutMs = 10 * 60_000;

/** Releases without CVE-2026-5199: 1.29.5 and later patches, 1.30.3 and later. */
export function isSafeVersion(version) {
  const [major, minor, patch] = version.split('.').map(Number);
  if (major !== 1) return major > 1;
  if (minor === 29) return patch >= 5;
  if (minor === 30) return patch >= 3;
  return minor > 30;
}

/** "temporal version 1.5.1 (Server 1.29.7, UI 2.42.1)" → "1.29.7"; undefined when the program does not say so. */
export function serverVersion(text) {
  return /\bServer v?(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

const sumHash = () => createHash('sha256').update(readFileSync(join(moduleFolder, 'go.sum'))).digest('hex').slice(0, 16);

export function cacheFolder() {
  return join(process.env.MAESTRO_CACHE ?? join(homedir(), '.cache', 'maestro'), `temporal-${sumHash()}`);
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return realpathSync(file);
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** Asks the program for its version. Returns {path, version} or {refused: why}. */
export async function inspect(path) {
  let result;
  try {
    result = await execute(path, ['--version'], { timeoutMs: 20_000 });
  } catch (error) {
    return { refused: `${path} does not run (${error.code ?? error.message})` };
  }
  const version = serverVersion(result.output);
  if (result.code !== 0 || !version) return { refused: `${path} does not name a server version` };
  if (!isSafeVersion(version)) return { refused: `${path} carries server ${version}, which has CVE-2026-5199 (1.29.5, 1.30.3 or newer is needed)` };
  return { path, version };
}

async function fromPath() {
  const path = onPath('temporal');
  return path ? inspect(path) : { refused: 'no program "temporal" on PATH' };
}

async function fromCache() {
  const path = join(cacheFolder(), 'temporal');
  return existsSync(path) ? inspect(path) : { refused: `nothing in the cache (${path})` };
}

/** Puts a finished program into the cache in one step, so that nobody ever sees half of it. */
function intoCache(file) {
  const target = join(cacheFolder(), 'temporal');
  renameSync(file, target);
  return target;
}

async function inWorkFolder(work) {
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), 'work-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function builtFromSource(say) {
  const go = onPath('go');
  if (!go) return { refused: 'no Go compiler found to build it with' };
  return inWorkFolder(async (folder) => {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    say('building the Temporal server from source, once; this takes about 4 minutes');
    const ticker = setInterval(() => say(`still building the Temporal server … ${seconds()} s`), 30_000);
    try {
      const output = join(folder, 'temporal');
      const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, 'github.com/temporalio/cli/cmd/temporal'];
      const { code, output: text, timedOut } = await execute(go, args, { cwd: moduleFolder, timeoutMs: buildTimeoutMs, env: { CGO_ENABLED: '0', GOWORK: 'off' } });
      if (code !== 0) return { refused: `building with Go failed${timedOut ? ' (time limit)' : ''}: ${text.trim().split('\n').slice(-3).join(' | ')}` };
      const built = await inspect(output);
      return built.refused ? built : { ...built, path: intoCache(output) };
    } finally {
      clearInterval(ticker);
    }
  });
}

function officialUrl() {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch] ?? process.arch;
  return `https://temporal.download/cli/archive/latest?platform=${process.platform}&arch=${arch}`;
}

async function fetchTo(url, file) {
  const response = await fetch(url, { signal: AbortSignal.timeout(downloadTimeoutMs), redirect: 'follow' });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

async function downloaded(say) {
  const url = process.env.MAESTRO_TEMPORAL_URL ?? officialUrl();
  const wanted = process.env.MAESTRO_TEMPORAL_SHA256?.toLowerCase();
  if (!url.startsWith('https:') && !wanted) return { refused: `${url} is not https, so MAESTRO_TEMPORAL_SHA256 must say what to expect` };
  return inWorkFolder(async (folder) => {
    const archive = join(folder, 'archive.tar.gz');
    say(`downloading the Temporal server from ${new URL(url).host}`);
    let digest;
    try {
      digest = await fetchTo(url, archive);
    } catch (error) {
      return { refused: `downloading ${url} failed (${error.cause?.code ?? error.cause?.message ?? error.message})` };
    }
    if (wanted && digest !== wanted) return { refused: `${url} has sha256 ${digest}, expected ${wanted}` };
    const { code } = await execute('tar', ['-xzf', archive, '-C', folder, 'temporal'], { timeoutMs: 120_000 });
    if (code !== 0) return { refused: `${url} is not an archive with a file "temporal" in it` };
    const found = await inspect(join(folder, 'temporal'));
    return found.refused ? found : { ...found, path: intoCache(found.path) };
  });
}

/** Written by an earlier set-up and still true: same file (by size and time), same pinned module. */
export function recorded() {
  try {
    const { path, version, size, mtimeMs, sum } = JSON.parse(readFileSync(record, 'utf8'));
    const now = statSync(path);
    return sum === sumHash() && now.size === size && now.mtimeMs === mtimeMs ? { path, version } : undefined;
  } catch {
    return undefined;
  }
}

function writeRecord({ path, version }) {
  const { size, mtimeMs } = statSync(path);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(record, JSON.stringify({ path, version, size, mtimeMs, sum: sumHash() }));
}

/** Tries the four sources in order. Sources that do not serve are named in the one error at the end. */
export async function obtainTemporal(say) {
  const tried = [];
  for (const [source, get] of [['PATH', fromPath], ['cache', fromCache], ['Go', builtFromSource], ['download', downloaded]]) {
    const result = await get(say);
    if (!result.refused) {
      writeRecord(result);
      return { ...result, source };
    }
    if (source === 'PATH' && result.refused.includes('CVE')) say(`not used: ${result.refused}`);
    tried.push(`${source}: ${result.refused}`);
  }
  throw new SetupError(
    `no Temporal server could be obtained\n  ${tried.join('\n  ')}`,
    'any one of these: install the temporal command line (server 1.29.5, 1.30.3 or newer) on PATH; put it at the cache path above; install Go 1.26; allow access to temporal.download',
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const found = await obtainTemporal((line) => console.log(line));
    console.log(`Temporal server ${found.version} from ${found.source}: ${found.path}`);
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exit(1);
  }
}
