import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { PartLog } from './logs.js';

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** The child is one of our Node processes and speaks over an IPC channel. */
  readonly ipc: boolean;
  /** Sent by the kernel when this process dies without stopping its children. */
  readonly orphanSignal: 'TERM' | 'INT';
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when the program could not be started at all. */
  readonly error?: Error;
}

export function describeExit(exit: Exit): string {
  if (exit.error) return `could not be started (${exit.error.message})`;
  return exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code ?? 'unknown'}`;
}

let setprivWorks: boolean | undefined;

/** setpriv(1) of util-linux can ask the kernel for a signal on the parent's death; other builds of it cannot. */
function canSetOrphanSignal(): boolean {
  setprivWorks ??= process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0;
  return setprivWorks;
}

function commandOf(launch: Launch): { file: string; args: string[] } {
  if (!canSetOrphanSignal()) return { file: launch.file, args: [...launch.args] };
  return { file: 'setpriv', args: ['--pdeathsig', launch.orphanSignal, '--', launch.file, ...launch.args] };
}

/** One running child process with its exit as a promise that never rejects. */
export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  ended = false;

  constructor(launch: Launch, log: PartLog) {
    const { file, args } = commandOf(launch);
    this.process = spawn(file, args, {
      cwd: launch.cwd,
      env: { NODE_ENV: 'production', ...launch.env },
      // A session of its own: Ctrl-C in the terminal reaches this process alone, which then stops the parts in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(launch.ipc ? (['ipc'] as const) : [])],
      ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid }),
    });
    if (this.process.stdout) log.follow(this.process.stdout, 'stdout');
    if (this.process.stderr) log.follow(this.process.stderr, 'stderr');
    this.exited = this.watchExit();
  }

  get pid(): number | undefined {
    return this.ended ? undefined : this.process.pid;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.ended) this.process.kill(signal);
  }

  /** Waits for the exit, at most so long. */
  async exitedWithin(ms: number): Promise<boolean> {
    const timer = new AbortController();
    const late = wait(ms, false, { signal: timer.signal }).catch(() => false);
    const result = await Promise.race([this.exited.then(() => true), late]);
    timer.abort();
    return result;
  }

  private watchExit(): Promise<Exit> {
    return new Promise((resolve) => {
      const finish = (exit: Exit) => {
        this.ended = true;
        resolve(exit);
      };
      this.process.once('error', (error) => {
        if (this.process.pid === undefined) finish({ code: null, signal: null, error });
      });
      this.process.once('exit', (code, signal) => finish({ code, signal }));
    });
  }
}
