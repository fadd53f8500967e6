/** One line of JSON per request and per event of the process. Headers and bodies are never logged; keys are scrubbed from whatever is. */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

/** What API keys look like wherever they turn up: a mistyped URL, a driver's message. */
export const scrub = (text: string): string => text.replaceAll(/mae_[A-Za-z0-9_-]{8,}/g, 'mae_[redacted]');

export function createLog(options: { level?: string; destination?: DestinationStream } = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { process: 'api' },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: ['*.cookie', '*.authorization', '*.password', '*.token', '*["set-cookie"]', 'cookie', 'authorization', 'password', 'token'], censor: '[redacted]' },
      hooks: { streamWrite: scrub },
    },
    // Line by line: what is left over at the exit is written again and again, for ever, when whoever read it is gone.
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

export type { Logger };
