/** What hosts download: archives that the build has made, the release of each, signed when it is asked for, and the script that installs it. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { archiveFacts, releaseMs, type ArchiveFacts, type Envelope, type Release } from '../../spec/host-bundle/shapes.js';
import { compareVersions } from '../../spec/host-bundle/version.js';
import { hasCode } from '../key-file.js';
import { installScript } from './install-script.js';
import { handoversMax, type HandoverEnvelope } from '../../spec/host-bundle/handover.js';
import type { ReleaseKey } from './key.js';

export { releaseKeys, ReleaseKey, rotateReleaseKey, viewReleaseKeys, type ReleaseKeyView } from './key.js';

export interface Download { mediaType: string; bytes: number; chunks: AsyncIterable<Uint8Array> }

const notBuilt = (): MaestroError => new MaestroError('unavailable', 'This control plane has no host bundle to hand out', { fix: 'Build it on the control plane: node scripts/build.mjs host-bundle.' });

const chunkBytes = 1 << 16;

export class HostBundles {
  /** `folder`: where the build puts archives. `publicUrl`: where hosts reach this control plane. `keys`: newest first, at least one. */
  constructor(private readonly options: { folder: string; keys: () => Promise<readonly ReleaseKey[]>; publicUrl: string; now?: () => number }) {}

  /** `others`: those before it, newest first. */
  private async keys(): Promise<{ newest: ReleaseKey; others: ReleaseKey[] }> {
    const [newest, ...others] = await this.options.keys();
    if (newest === undefined) throw new Error('there is no key for releases');
    return { newest, others };
  }

  /** The newest of each platform. */
  async newest(): Promise<ArchiveFacts[]> {
    const byPlatform = new Map<string, ArchiveFacts>();
    for (const archive of await this.archives()) {
      const other = byPlatform.get(archive.platform);
      if (other === undefined || compareVersions(other.version, archive.version) < 0) byPlatform.set(archive.platform, archive);
    }
    return [...byPlatform.values()];
  }

  /** Throws unavailable as long as nothing is built. */
  async script(): Promise<string> {
    const { folder, publicUrl } = this.options;
    const { newest: key } = await this.keys();
    const [archives, template] = await Promise.all([this.newest(), readFile(join(folder, 'install.sh.in'), 'utf8').catch(missing)]);
    if (archives.length === 0 || template === null) throw notBuilt();
    return installScript(template, { url: publicUrl, key: key.public, archives });
  }

  /** `<archive>`, `<archive>.sha256`, `<archive>.release.json`, `<platform>.release.json` for the newest, or `release-keys.json`. not_found for all else. */
  async file(name: string): Promise<Download> {
    if (name === 'release-keys.json') return text('application/json', `${JSON.stringify({ handovers: await this.handovers() })}\n`);
    const archives = await this.archives();
    const named = archives.find(({ file }) => name === file || name === `${file}.sha256` || name === `${file}.release.json`);
    const newest = named === undefined ? (await this.newest()).find(({ platform }) => name === `${platform}.release.json`) : undefined;
    const archive = named ?? newest;
    if (archive === undefined) throw archives.length === 0 ? notBuilt() : new MaestroError('not_found', 'There is no such download', { fix: `Use one of ${archives.map(({ file }) => file).join(', ')}.` });
    if (name === archive.file) return this.archive(archive);
    return name.endsWith('.sha256') ? text('text/plain; charset=utf-8', `${archive.sha256}  ${archive.file}\n`) : text('application/json', `${JSON.stringify(await this.sealed(archive))}\n`);
  }

  /** Signed with the key before the newest, too: hosts that have not heard of the newest yet still upgrade. */
  private async sealed(archive: ArchiveFacts): Promise<Envelope> {
    const { newest, others } = await this.keys();
    return newest.seal(this.release(archive), others.slice(0, 1));
  }

  /** From each key to the one after it, the oldest first. */
  private async handovers(): Promise<HandoverEnvelope[]> {
    const inOrder = [...(await this.options.keys())].reverse();
    return inOrder.flatMap((key, index) => {
      const next = inOrder[index + 1];
      return next === undefined ? [] : [key.handOver(next)];
    }).slice(-handoversMax);
  }

  private release(archive: ArchiveFacts): Release {
    const now = (this.options.now ?? Date.now)();
    return { format: 1, archive, issued_at: new Date(now).toISOString(), expires_at: new Date(now + releaseMs).toISOString() };
  }

  private async archive({ file: name, bytes }: ArchiveFacts): Promise<Download> {
    const file = await open(join(this.options.folder, name), 'r');
    return { mediaType: 'application/gzip', bytes, chunks: file.createReadStream({ highWaterMark: chunkBytes, end: bytes - 1 }) };
  }

  private async archives(): Promise<ArchiveFacts[]> {
    const names = (await readdir(this.options.folder).catch(missing)) ?? [];
    const read = await Promise.all(names.filter((name) => name.startsWith('maestro-host-') && name.endsWith('.json')).map((name) => this.facts(name)));
    return read.filter((archive) => archive !== null);
  }

  /** null: not (any more) what the build wrote of the archive beside it. */
  private async facts(name: string): Promise<ArchiveFacts | null> {
    const { folder } = this.options;
    try {
      const facts = archiveFacts.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      return (await stat(join(folder, facts.file))).size === facts.bytes ? facts : null;
    } catch {
      return null;
    }
  }
}

function missing(error: unknown): null {
  if (hasCode(error, 'ENOENT')) return null;
  throw error;
}

function text(mediaType: string, content: string): Download {
  const bytes = Buffer.from(content);
  return { mediaType, bytes: bytes.length, chunks: (async function* () { yield bytes; })() };
}
