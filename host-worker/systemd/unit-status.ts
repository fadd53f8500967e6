/** Reading `systemctl show`. Pure. */
export const shownProperties = [
  'Id', 'LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'NeedDaemonReload', 'ExecMainStatus', 'ExecMainCode', 'NRestarts', 'InvocationID', 'Result', 'ActiveEnterTimestamp', 'MainPID',
] as const;

export interface UnitStatus {
  load_state: string;
  active_state: string;
  sub_state: string;
  enabled: boolean;
  needs_daemon_reload: boolean;
  exit_code: number;
  /** The main process was ended by a signal; exit_code is the signal then. */
  killed: boolean;
  restarts: number;
  invocation: string;
  result: string;
  /** ISO 8601; null when it was never active. */
  started_at: string | null;
  /** 0: it has no main process. */
  main_pid: number;
}

/** Blocks of `Name=value` lines, one per unit, parted by empty lines. */
export function parseShow(text: string): UnitStatus[] {
  return text.split('\n\n').filter((block) => block.trim() !== '').map((block) => toStatus(properties(block)));
}

function properties(block: string): Map<string, string> {
  const pairs = block.split('\n').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return new Map(pairs);
}

function toStatus(shown: Map<string, string>): UnitStatus {
  const text = (name: (typeof shownProperties)[number]): string => shown.get(name) ?? '';
  const number = (name: (typeof shownProperties)[number]): number => Number(text(name)) || 0;
  return {
    load_state: text('LoadState'), active_state: text('ActiveState'), sub_state: text('SubState'),
    enabled: text('UnitFileState') === 'enabled', needs_daemon_reload: text('NeedDaemonReload') === 'yes',
    // CLD_KILLED and CLD_DUMPED.
    exit_code: number('ExecMainStatus'), killed: number('ExecMainCode') === 2 || number('ExecMainCode') === 3,
    restarts: number('NRestarts'), invocation: text('InvocationID'), result: text('Result'), started_at: toIso(text('ActiveEnterTimestamp')), main_pid: number('MainPID'),
  };
}

/** `Mon 2026-11-23 22:15:01 UTC`; systemd is run with UTC for this, other zones are left out. */
function toIso(text: string): string | null {
  const found = /^\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(text);
  return found === null ? null : `${found[1] ?? ''}T${found[2] ?? ''}Z`;
}

export const isActive = ({ active_state }: UnitStatus): boolean => active_state === 'active' || active_state === 'reloading';

/** Exit codes by which systemd says that it could not even run the command. */
const beforeTheCommand: Readonly<Record<number, string>> = {
  200: 'its working directory cannot be used', 203: 'its command cannot be executed', 216: 'its group cannot be used', 217: 'its user cannot be used', 226: 'its name spaces cannot be set up',
};

/** How a unit that is not up ended, as the end of a sentence. */
export function endOf({ killed, exit_code, result, active_state, sub_state }: UnitStatus): string {
  if (killed) return `was ended by signal ${String(exit_code)}${result === 'oom-kill' ? ' (out of memory)' : ''}`;
  const why = beforeTheCommand[exit_code];
  const exited = exit_code !== 0 || sub_state === 'auto-restart' || active_state === 'active' || active_state === 'inactive';
  return exited ? `exited with code ${String(exit_code)}${why === undefined ? '' : ` (${why})`}` : `is ${active_state} (${result})`;
}
