/**
 * systemd tells nobody without D-Bus, so units are looked at: one with a process by its process, which costs next to
 * nothing; the others by one `systemctl show` for all of them, now and then.
 */
import { isAlive, type MainProcess, mainProcess } from '../systemd/main-process.js';
import { showUnits } from '../systemd/systemctl.js';
import type { UnitStatus } from '../systemd/unit-status.js';

const tickMs = 1_000;
const askEveryTicks = 5;

interface Known { alive: MainProcess | null; status: string }

const told = ({ active_state, sub_state, invocation }: UnitStatus): string => `${active_state} ${sub_state} ${invocation}`;

export class UnitWatch {
  private units: readonly string[] = [];
  private readonly known = new Map<string, Known>();
  private ticks = 0;
  private asking = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly changed: () => void, private readonly show: (units: readonly string[]) => Promise<UnitStatus[]> = showUnits) {}

  start(signal: AbortSignal): void {
    this.timer = setInterval(() => this.tick(), tickMs).unref();
    signal.addEventListener('abort', () => { if (this.timer !== null) clearInterval(this.timer); }, { once: true });
  }

  /** Which units from now on; those that are new are asked about with the next tick. */
  want(units: readonly string[]): void {
    this.units = units;
    for (const unit of this.known.keys()) if (!units.includes(unit)) this.known.delete(unit);
  }

  tick(): void {
    if (this.asking || this.units.length === 0) return;
    this.ticks += 1;
    const died = [...this.known.values()].some(({ alive }) => alive !== null && !isAlive(alive));
    const idle = this.units.filter((unit) => (this.known.get(unit)?.alive ?? null) === null);
    if (died) void this.ask(this.units);
    else if (idle.length > 0 && (this.ticks % askEveryTicks === 0 || idle.some((unit) => !this.known.has(unit)))) void this.ask(idle);
  }

  /** A systemd that does not answer is asked again by the next tick. */
  private async ask(units: readonly string[]): Promise<void> {
    this.asking = true;
    try {
      const statuses = await this.show(units);
      const moved = units.filter((unit, index) => this.note(unit, statuses[index]));
      if (moved.length > 0) this.changed();
    } catch {
      return;
    } finally {
      this.asking = false;
    }
  }

  /** True when it is not what it was. */
  private note(unit: string, status: UnitStatus | undefined): boolean {
    if (status === undefined) return false;
    const before = this.known.get(unit);
    this.known.set(unit, { alive: mainProcess(status.main_pid), status: told(status) });
    return before !== undefined && before.status !== told(status);
  }
}
