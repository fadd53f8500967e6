// The folder that runs on hosts, as one archive: Node, the worker and its native core, and the units. Two builds of the same
// sources on the same Node are equal byte for byte. Nothing here is signed: a build holds no secret, so the key is the
// control plane's, which signs what it hands out (control/host-bundles).
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { SetupError, root } from './run.mjs';

export const bundleSources = ['host-worker', 'spec', 'package.json', 'package-lock.json', 'tsconfig.json', 'scripts/lib/bundles.mjs', 'scripts/lib/host-bundle.mjs'];
export const downloads = 'dist/download';

/** tar complains of files from 1970. */
const fixedTime = new Date('2020-01-01T00:00:00Z');
const formatVersion = 1;

const sha256Of = (bytes) => createHash('sha256').update(bytes).digest('hex');
const compareBytes = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

// What every Linux with systemd and glibc has. A Node of a distribution may need libraries of its own, which a host lacks.
const everywhere = /^(linux-vdso|ld-linux[\w-]*|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+|libatomic)\.so/;

/** Why this Node cannot be handed out; null: it can. */
export function unfitNode(report = process.report.getReport()) {
  if (process.platform !== 'linux') return 'hosts run Linux, and this machine does not';
  if (!report.header.glibcVersionRuntime) return 'the Node of this machine is not built for glibc';
  const needed = report.sharedObjects.map((path) => basename(path)).filter((name) => name.includes('.so') && !everywhere.test(name));
  // Those that a name service or a locale loads are not Node's own.
  const own = needed.filter((name) => !/^libnss_|^libresolv|\.node$/.test(name));
  return own.length === 0 ? null : `the Node of this machine needs ${own.join(', ')}, which hosts may not have`;
}

/** The newest glibc that any of the programs asks for, by the version names in it. */
export function glibcNeeded(binaries) {
  const names = binaries.flatMap((bytes) => [...new Set(bytes.toString('latin1').match(/GLIBC_2\.\d+/g) ?? [])]);
  const minors = names.map((name) => Number(name.slice('GLIBC_2.'.length)));
  return `2.${Math.max(17, ...minors)}`;
}

function filesOf(worker) {
  const units = join(root, 'host-worker', 'bundle', 'units');
  return [
    { path: 'bin/maestro-host', mode: 0o755, from: join(root, 'host-worker', 'bundle', 'maestro-host.sh') },
    { path: 'node', mode: 0o755, from: process.execPath },
    { path: 'worker.cjs', mode: 0o644, from: join(worker, 'worker.cjs') },
    { path: 'maestro-host.cjs', mode: 0o644, from: join(worker, 'maestro-host.cjs') },
    { path: 'core-bridge.node', mode: 0o644, from: join(worker, 'core-bridge.node') },
    ...readdirSync(units).map((name) => ({ path: `units/${name}`, mode: 0o644, from: join(units, name) })),
  ].sort((one, other) => compareBytes(one.path, other.path));
}

/** `build` is the content's own name: what differs in a byte has another one. */
export function manifestOf(version, platform, files) {
  const listed = files.map(({ path, mode, bytes }) => ({ path, mode, bytes: bytes.length, sha256: sha256Of(bytes) }));
  const glibc = glibcNeeded(files.filter(({ path }) => path === 'node' || path === 'core-bridge.node').map(({ bytes }) => bytes));
  const facts = { format: formatVersion, version, platform, node: process.version, glibc, files: listed };
  return { ...facts, build: sha256Of(JSON.stringify(facts)).slice(0, 12) };
}

async function packed(files, path, level) {
  const { pack } = await import('tar-stream');
  const archive = pack();
  const written = pipeline(archive, createGzip({ level }), createWriteStream(path, { mode: 0o644 }));
  const owned = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: fixedTime };
  const folders = [...new Set(files.map(({ path: name }) => name).filter((name) => name.includes('/')).map((name) => name.slice(0, name.lastIndexOf('/'))))];
  for (const name of folders) archive.entry({ ...owned, name: `${name}/`, type: 'directory', mode: 0o755 });
  for (const { path: name, mode, bytes } of files) archive.entry({ ...owned, name, mode, size: bytes.length }, bytes);
  archive.finalize();
  await written;
}

async function sha256OfFile(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Writes `maestro-host-<version>-<platform>.tar.gz` and, last, the `.json` that names it: what has no such file is not
 * handed out. Answers with the archive's path. `worker`: the folder that bundleHostWorker made.
 */
export async function buildHostBundle({ worker = join(root, 'dist', 'host-worker'), out = join(root, downloads), version, platform = `linux-${process.arch}`, level = 6 } = {}) {
  const unfit = unfitNode();
  if (unfit !== null) throw new SetupError(`the host bundle cannot be made: ${unfit}`, 'build with a Node of nodejs.org on Linux (glibc)', process.execPath);
  const release = version ?? JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  const files = filesOf(worker).map(({ path, mode, from }) => ({ path, mode, bytes: readFileSync(from) }));
  const manifest = manifestOf(release, platform, files);
  const manifestBytes = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  const name = `maestro-host-${release}-${platform}`;
  mkdirSync(out, { recursive: true });
  const draft = join(out, `.${name}.${process.pid}.tmp`);
  try {
    await packed([...files, { path: 'manifest.json', mode: 0o644, bytes: manifestBytes }], draft, level);
    const archive = { file: `${name}.tar.gz`, version: release, platform, build: manifest.build, glibc: manifest.glibc, bytes: statSync(draft).size, sha256: await sha256OfFile(draft), manifest_sha256: sha256Of(manifestBytes) };
    writeFileSync(join(out, 'install.sh.in'), readFileSync(join(root, 'host-worker', 'bundle', 'install.sh')));
    renameSync(draft, join(out, archive.file));
    writeFileSync(`${draft}.json`, `${JSON.stringify(archive, null, 1)}\n`);
    renameSync(`${draft}.json`, join(out, `${name}.json`));
    return join(out, archive.file);
  } finally {
    rmSync(draft, { force: true });
    rmSync(`${draft}.json`, { force: true });
  }
}
