import { join } from 'node:path';
import type { DataFolders } from './files.js';
import { PartLog, type Say } from './logs.js';
import type { LogFormat } from './log-lines.js';
import { markName, markOf } from './leftovers.js';
import type { Settings } from './settings.js';

/** What every part is made from. */
export interface Context {
  readonly root: string;
  readonly settings: Settings;
  readonly data: DataFolders;
  readonly say: Say;
  /** Ends preparations that take long, when the operator does not want to wait. */
  readonly interrupted: AbortSignal;
  /** Added to the environment of our own Node processes. */
  readonly extraEnv: Readonly<Record<string, string>>;
  /** Of tests: the ways to the database and to Temporal, as our Node processes are to take them. Neither serves yet. */
  readonly through?: (direct: ServerAddresses) => Promise<ServerAddresses>;
}

export interface ServerAddresses { readonly databaseUrl: string; readonly temporalAddress: string }

export function openLog(context: Context, name: string, format: LogFormat): { log: PartLog; logPath: string } {
  const log = new PartLog(name, context.data.logs, format, context.say, context.settings.debug);
  return { log, logPath: join(context.data.logs, `${name}.log`) };
}

/** The mark by which a later start recognises its leftovers. */
export function markEnv(context: Context): Record<string, string> {
  return { [markName]: markOf(context.data.root) };
}

/** For programs that are not ours: nothing of the operator's environment but what any program needs. */
export function plainEnv(context: Context): Record<string, string> {
  const home = process.env['HOME'];
  return { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', ...(home ? { HOME: home } : {}), TZ: 'UTC', ...markEnv(context) };
}
