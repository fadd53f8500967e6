/** Whether a process still is the one it was: much cheaper than asking systemd, which is asked when it is not. */
import { readFileSync } from 'node:fs';

/** A process id is used again; together with its start it is not. */
export interface MainProcess { pid: number; started: string }

/** null when there is no such process, or it has ended and only waits to be collected. */
export function mainProcess(pid: number): MainProcess | null {
  const stat = pid > 0 ? read(`/proc/${String(pid)}/stat`) : null;
  if (stat === null) return null;
  // The name in parentheses may hold anything; what follows the last one is the state, and the start as the 20th word.
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = 'X'] = words;
  return ended.has(state) ? null : { pid, started: words[19] ?? '' };
}

export const isAlive = ({ pid, started }: MainProcess): boolean => mainProcess(pid)?.started === started;

const ended = new Set(['Z', 'X', 'x']);

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
