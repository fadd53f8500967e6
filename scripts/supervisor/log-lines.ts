/** How a part writes its log, and so how its warnings and errors are recognised. */
export type LogFormat = 'pino' | 'temporal' | 'postgres';

const pinoWarning = 40;
const pinoError = 50;

// What PostgreSQL says of clients that come too early or stay too long is no news while parts start and stop.
const expectedFatal = /database system is (starting up|shutting down|not yet accepting)|terminating connection due to|database "maestro" does not exist/;

// The Temporal SDK's own log, where a process has not given it another: it writes everything to stderr.
const sdkChatter = /^\d{4}-\d\d-\d\dT[\d:.]+Z \[(TRACE|DEBUG|INFO|WARN\] No workflows registered)/;

function field(record: object, name: string): unknown {
  return name in record ? (record as Record<string, unknown>)[name] : undefined;
}

function parse(line: string): object | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function fromPino(record: object): string | undefined {
  const level = field(record, 'level');
  if (typeof level !== 'number' || level < pinoWarning) return undefined;
  const cause = field(record, 'err') ?? field(record, 'error');
  const detail = typeof cause === 'object' && cause !== null ? field(cause, 'message') : cause;
  const text = [field(record, 'msg'), detail].filter((part): part is string => typeof part === 'string' && part !== '');
  return `${level >= pinoError ? 'error' : 'warning'}: ${[...new Set(text)].join(': ')}`;
}

/** The server warns about its own start and stop; only its errors concern the operator. */
function fromTemporal(record: object): string | undefined {
  if (field(record, 'level') !== 'ERROR') return undefined;
  const text = [field(record, 'msg'), field(record, 'error')].filter((part) => typeof part === 'string');
  return `error: ${text.join(': ')}`;
}

/** The text to show on the terminal, or undefined when the line is for the log file alone. */
export function worthShowing(line: string, source: 'stdout' | 'stderr', format: LogFormat): string | undefined {
  if (format === 'postgres') return /\b(FATAL|PANIC):/.test(line) && !expectedFatal.test(line) ? line : undefined;
  const record = parse(line);
  if (!record) return source === 'stderr' && line.trim() && !sdkChatter.test(line) ? line : undefined;
  return format === 'pino' ? fromPino(record) : fromTemporal(record);
}
