/** An archive that is a file of the host. */
import { createHash } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MaestroError } from '../../spec/errors.js';
import { messageOf, systemCode } from '../trouble.js';

/** sha256 of its bytes, hex. */
export const digestOfFile = (path: string, signal: AbortSignal): Promise<string> => readThrough(path, null, signal);

/** Answers with the sha256 of what was copied, which may be another one than was seen before. */
export const copyOfFile = (path: string, to: string, signal: AbortSignal): Promise<string> => readThrough(path, to, signal);

async function readThrough(path: string, to: string | null, signal: AbortSignal): Promise<string> {
  const file = await openRegular(path);
  try {
    const hash = createHash('sha256');
    const target = to === null ? nowhere() : createWriteStream(to, { flags: 'wx', mode: 0o600 });
    await pipeline(createReadStream('', { fd: file.fd, autoClose: false, start: 0 }), async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    }, target, { signal });
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

const nowhere = (): Writable => new Writable({ write: (_, __, done) => done() });

/** Without waiting for a pipe that nobody writes to. */
async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(path, systemCode(error) === 'ENOENT' ? 'there is no such file on the host' : messageOf(error));
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw unreadable(path, 'it is not a regular file');
}

const unreadable = (path: string, why: string): MaestroError =>
  new MaestroError('fetch_failed', `the archive ${path} cannot be read: ${why}`, { fix: 'Put the archive there on the host, or correct source.path.', details: { path } });
