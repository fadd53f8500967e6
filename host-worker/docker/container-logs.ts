/** The last lines a container wrote, for a person who wants to know why it did not come up. */
import type Dockerode from 'dockerode';
import { call } from './docker-call.js';

const lines = 60;

/** Empty when there is nothing to read: logs explain a failure and must not become another one. */
export async function lastLines(docker: Dockerode, id: string): Promise<string> {
  try {
    const container = docker.getContainer(id);
    const { Config: { Tty } } = await call('inspect a container', () => container.inspect());
    const logs = await call('read logs', () => container.logs({ stdout: true, stderr: true, tail: lines, follow: false }));
    return (Tty ? logs.toString('utf8') : demultiplex(logs)).trimEnd();
  } catch {
    return '';
  }
}

const headerBytes = 8;

/** Frames of [stream, 0, 0, 0, length] and text, in the order in which they were written. */
export function demultiplex(frames: Buffer): string {
  const texts: string[] = [];
  for (let at = 0; at + headerBytes <= frames.length;) {
    const length = frames.readUInt32BE(at + 4);
    texts.push(frames.toString('utf8', at + headerBytes, at + headerBytes + length));
    at += headerBytes + length;
  }
  return texts.join('');
}
