/** The files of an archive, in a draft: copied or downloaded, compared with what it is known by, and unpacked. */
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveSource } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { Step } from '../activate/step.js';
import { unpack } from '../archive/unpack.js';
import type { ControlPlane } from '../control-plane/client.js';
import { download } from '../control-plane/download.js';
import { fileTrouble, isMissing, PassingTrouble } from '../trouble.js';
import { copyOfFile } from './host-archive.js';
import { nameOf } from './seen-commit.js';

export interface WantedArchive { component: string; source: ArchiveSource }

/** `draft` is ours alone. Leaves the files in `draft/source`, and nothing else. */
export async function fetchArchive(control: ControlPlane, step: Step, { component, source }: WantedArchive, content: string, draft: string): Promise<string> {
  const [packed, unpacked, files] = [join(draft, 'archive'), join(draft, 'unpacked'), join(draft, 'source')];
  try {
    if (source.at.kind === 'host') await copyExpected(source.at.path, packed, content, step.signal);
    else await download(control, { run_id: step.key.run_id, component, sha256: source.at.sha256, size: source.at.size }, packed, { signal: step.signal, tell: (line) => step.report.output('info', line) });
    await mkdir(unpacked, { mode: 0o755 });
    await unpack(packed, unpacked, { name: source.at.kind === 'host' ? `the archive ${source.at.path}` : nameOf(source), signal: step.signal });
    await rm(packed);
    await takeFolder(source, unpacked, files);
    await rm(unpacked, { recursive: true, force: true });
    return files;
  } catch (error) {
    step.signal.throwIfAborted();
    throw error instanceof PassingTrouble ? error : fileTrouble(draft, 'unpacking into', error);
  }
}

async function copyExpected(path: string, to: string, content: string, signal: AbortSignal): Promise<void> {
  const copied = await copyOfFile(path, to, signal);
  if (copied === content) return;
  throw new MaestroError('fetch_failed', `the archive ${path} is not the one any more that this version was applied with`, {
    fix: 'Put the former archive back, or submit a new version, which takes what is there.', details: { path, wanted: content, found: copied },
  });
}

/** What was unpacked has no links, so that a folder in it is inside of it. */
async function takeFolder(source: ArchiveSource, unpacked: string, files: string): Promise<void> {
  const folder = source.subpath === null ? unpacked : join(unpacked, source.subpath);
  const isFolder = await lstat(folder).then((status) => status.isDirectory(), (error: unknown) => {
    if (isMissing(error)) return false;
    throw error;
  });
  if (!isFolder) throw new MaestroError('fetch_failed', `${nameOf(source)} has no folder "${source.subpath ?? ''}"`, { fix: 'Correct source.subpath, or add the folder to the archive.', details: { subpath: source.subpath } });
  await rename(folder, files);
}
