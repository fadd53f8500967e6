/**
 * A file without a name, for programs that read a secret from a file: it is in no folder at any moment, only root opens it
 * by way of this process, and it is gone with the last one that has it open, also when this process is killed.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { MaestroError } from '../../spec/errors.js';
import { messageOf } from '../trouble.js';

/** Linux knows it on all machines that Node runs on as this and O_DIRECTORY; Node has no name for it. */
const withoutName = 0o20000000 | constants.O_DIRECTORY;
/** In memory first. */
const folders = ['/run', '/dev/shm', tmpdir()];

export async function withSecretFile<T>(content: string, use: (path: string) => Promise<T>): Promise<T> {
  const file = await openWithoutName();
  try {
    await file.writeFile(content);
    return await use(`/proc/${String(process.pid)}/fd/${String(file.fd)}`);
  } finally {
    await file.close();
  }
}

async function openWithoutName(): Promise<FileHandle> {
  const told: string[] = [];
  for (const folder of folders) {
    try {
      return await open(folder, constants.O_RDWR | withoutName, 0o600);
    } catch (error) {
      told.push(messageOf(error));
    }
  }
  throw new MaestroError('runtime_error', `no file without a name can be made on this host: ${told.join('; ')}`, { fix: 'Give the host worker a /run or /dev/shm of the kind tmpfs that it may write to.' });
}
