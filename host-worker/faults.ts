/**
 * Fault injection for the crash tests: `MAESTRO_FAULT=<point>:kill` ends this process without warning at a named
 * point. Honoured only next to `MAESTRO_TEST_FAULTS=1`, so that a stray variable on a real host does nothing.
 */
import type { Environment } from './config.js';

export type Fault = (point: string) => void | Promise<void>;

export const noFaults: Fault = () => undefined;

export function faultsFrom(env: Environment): Fault {
  if (env['MAESTRO_TEST_FAULTS'] !== '1' || env['MAESTRO_FAULT'] === undefined) return noFaults;
  const [wanted, action] = splitLast(env['MAESTRO_FAULT']);
  if (action !== 'kill') throw new Error(`MAESTRO_FAULT=${env['MAESTRO_FAULT']}: the only action is 'kill'`);
  return (point) => {
    if (point === wanted) process.kill(process.pid, 'SIGKILL');
  };
}

function splitLast(text: string): [string, string] {
  const colon = text.lastIndexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
}
