/** Whether it is a unit's own process that listens on a port: read from /proc, since systemd does not know. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const tables = ['tcp', 'tcp6'] as const;
const listening = '0A';

export async function heldBy(unit: string, port: number): Promise<boolean> {
  const inodes = new Set((await Promise.all(tables.map(async (table) => listeners(await read(`/proc/self/net/${table}`), port)))).flat());
  if (inodes.size === 0) return false;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const held = await Promise.all(pids.map(async (pid) => isOf(await read(`/proc/${pid}/cgroup`), unit) && (await socketsOf(pid)).some((inode) => inodes.has(inode))));
  return held.includes(true);
}

/** Inodes of the sockets that listen on the port, in the text of `/proc/…/net/tcp`. */
export function listeners(text: string, port: number): string[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === listening && inode !== undefined && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [inode] : [];
  });
}

/** `text` of `/proc/<pid>/cgroup`. */
export const isOf = (text: string, unit: string): boolean => text.split('\n').some((line) => line.split('/').includes(unit));

async function socketsOf(pid: string): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder).catch(() => [])).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** A process may have ended since. */
const read = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '');
