/**
 * Whether a unit starts with the host. Every unit of ours says `WantedBy=multi-user.target`, so being enabled is one link,
 * made and removed here as `systemctl enable --no-reload` does, without a program to start for each unit.
 */
import { lstat, mkdir, symlink, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileTrouble, isMissing } from '../trouble.js';
import { unitFolder, unitPath } from './systemctl.js';

const linkOf = (unit: string): string => `${unitFolder}/multi-user.target.wants/${unit}`;

export async function isEnabled(unit: string): Promise<boolean> {
  try {
    return (await lstat(linkOf(unit))).isSymbolicLink();
  } catch (error) {
    if (isMissing(error)) return false;
    throw fileTrouble(linkOf(unit), 'reading', error);
  }
}

/** Safe to repeat. systemd hears of it with the next reload, or when it reads the unit for the first time. */
export async function setEnabled(unit: string, enabled: boolean): Promise<void> {
  const link = linkOf(unit);
  try {
    if (!enabled) return await unlink(link);
    await mkdir(dirname(link), { recursive: true, mode: 0o755 });
    await symlink(unitPath(unit), link);
  } catch (error) {
    const done = enabled ? await isEnabled(unit) : isMissing(error);
    if (!done) throw fileTrouble(link, enabled ? 'making' : 'removing', error);
  }
}
