/** systemd by its own tool: argv arrays, timeouts, no D-Bus library. */
import { existsSync } from 'node:fs';
import { MaestroError } from '../../spec/errors.js';
import { type ProgramResult, runProgram } from '../run-program.js';
import { messageOf } from '../trouble.js';
import { endOf, parseShow, shownProperties, type UnitStatus } from './unit-status.js';

const queryTimeoutMs = 15_000;
/** systemd's own limit for a start or stop is 90 s; ours is only for a systemd that does not answer. */
const jobTimeoutMs = 120_000;
const reloadTimeoutMs = 60_000;

export const unitFolder = '/etc/systemd/system';
export const unitPath = (unit: string): string => `${unitFolder}/${unit}`;

/** True when systemd runs this host (and not merely is installed). */
export const isBooted = (): boolean => existsSync('/run/systemd/system');

type Statuses = Map<string, UnitStatus>;

const rememberedMax = 1_000;

/** When a look began (performance.now()), and what it saw. */
interface Seen { sinceMs: number; status: UnitStatus }

/**
 * Starting a program costs more than what it tells, so placements share it: all who ask while one is under way get
 * the next one, which starts after they asked.
 */
export class UnitLooks {
  private next: { units: Set<string>; seen: Promise<Statuses> } | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private readonly seen = new Map<string, Seen>();

  constructor(private readonly show: (units: readonly string[]) => Promise<Statuses> = showTogether) {}

  /** `sinceMs`: what was seen by a look that began then or later will do; without it, one that begins now. */
  async at(unit: string, sinceMs = Infinity): Promise<UnitStatus> {
    const before = this.seen.get(unit);
    if (before !== undefined && before.sinceMs >= sinceMs) return before.status;
    this.next ??= this.lookSoon();
    this.next.units.add(unit);
    const status = (await this.next.seen).get(unit);
    if (status === undefined) throw new MaestroError('runtime_error', `systemctl show ${unit} said nothing`);
    return status;
  }

  private lookSoon(): { units: Set<string>; seen: Promise<Statuses> } {
    const units = new Set<string>();
    const seen = this.last.then(() => {
      // Whoever asks from here on may mean what happens later.
      this.next = null;
      return this.look([...units]);
    });
    this.last = seen.catch(() => undefined);
    return { units, seen };
  }

  private async look(units: readonly string[]): Promise<Statuses> {
    const sinceMs = performance.now();
    const statuses = await this.show(units);
    if (this.seen.size > rememberedMax) this.seen.clear();
    for (const [unit, status] of statuses) this.seen.set(unit, { sinceMs, status });
    return statuses;
  }
}

const looks = new UnitLooks();

/** Units nobody knows have load_state `not-found`. `sinceMs` as of UnitLooks. */
export const showUnit = (unit: string, sinceMs?: number): Promise<UnitStatus> => looks.at(unit, sinceMs);

/** In the order asked for. */
export const showUnits = (units: readonly string[]): Promise<UnitStatus[]> => Promise.all(units.map((unit) => showUnit(unit)));

async function showTogether(units: readonly string[]): Promise<Statuses> {
  const shown = await systemctl(['show', `--property=${shownProperties.join(',')}`, '--', ...units], queryTimeoutMs);
  if (shown.exit_code !== 0) throw failed('reading the state of units', shown);
  const statuses = parseShow(shown.stdout);
  if (statuses.length !== units.length) throw failed('reading the state of units', { ...shown, stderr: `asked for ${String(units.length)} units, got ${String(statuses.length)}` });
  return new Map(statuses.map((status, index) => [units[index] ?? '', status]));
}

/** start, restart, stop or reload; waits until systemd is done with it. */
export async function unitJob(verb: 'start' | 'restart' | 'stop' | 'reload', unit: string, isNew = false): Promise<void> {
  // A unit that failed or was started too often would be refused; whoever asks now has changed something.
  if ((verb === 'start' || verb === 'restart') && !isNew) await systemctl(['reset-failed', '--', unit], queryTimeoutMs);
  const result = await systemctl([verb, '--', unit], jobTimeoutMs);
  if (result.exit_code !== 0) throw await jobFailed(verb, unit, result);
}

/** systemd remembers a unit that failed when its file is gone, until it is told not to. Nothing to forget is no failure. */
export async function forgetFailure(unit: string): Promise<void> {
  await systemctl(['reset-failed', '--', unit], queryTimeoutMs);
}

/** Whether systemd holds a unit of this name now, be it one that it has not found; asking does not make it. */
export async function isLoaded(unit: string): Promise<boolean> {
  const listed = await systemctl(['list-units', '--all', '--plain', '--no-legend', '--full', '--', unit.replace(/[\\*?[\]]/g, '\\$&')], queryTimeoutMs);
  if (listed.exit_code !== 0) throw failed('listing units', listed);
  return listed.stdout.trim() !== '';
}

/** systemctl only says that the job failed; the unit says how. */
async function jobFailed(verb: string, unit: string, result: ProgramResult): Promise<MaestroError> {
  const status = await showUnit(unit);
  const { message, fix, details } = failed(`systemctl ${verb} ${unit}`, result);
  return new MaestroError('runtime_error', status.exit_code === 0 ? message : `unit ${unit} ${endOf(status)}`, { fix, details });
}

async function systemctl(argv: readonly string[], timeoutMs: number): Promise<ProgramResult> {
  try {
    return await runProgram('systemctl', ['--no-pager', '--no-ask-password', ...argv], { timeoutMs });
  } catch (error) {
    throw new MaestroError('runtime_error', `systemctl ${argv[0] ?? ''} could not be run: ${messageOf(error)}`, {
      fix: 'Check on the host that systemd answers (systemctl status).', cause: error,
    });
  }
}

function failed(doing: string, { stderr, exit_code }: ProgramResult): MaestroError {
  const said = stderr.trim().split('\n')[0] ?? '';
  return new MaestroError('runtime_error', `${doing} failed: ${said === '' ? `exit code ${String(exit_code)}` : said}`, {
    fix: 'Read the unit\'s last log lines, mend its command or the host, and retry.', details: { said: stderr.trim().slice(-1000) },
  });
}

/**
 * `daemon-reload` reads every unit file again and takes a tenth of a second or more, so placements share it: all
 * who ask while one is under way get the next one, which starts after their file was written.
 */
export class DaemonReload {
  private waiting: Promise<void> | null = null;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly reload: () => Promise<void> = daemonReload) {}

  request(): Promise<void> {
    if (this.waiting !== null) return this.waiting;
    const turn = this.last.then(() => {
      // From here on a file may be written too late to be read by this one.
      this.waiting = null;
      return this.reload();
    });
    this.waiting = turn;
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

async function daemonReload(): Promise<void> {
  const result = await systemctl(['daemon-reload'], reloadTimeoutMs);
  if (result.exit_code !== 0) throw failed('systemctl daemon-reload', result);
}
