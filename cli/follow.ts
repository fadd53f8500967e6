/**
 * Told by the control plane when something may have changed, over its event socket. Whoever follows reads what matters
 * again after each ring, so that a lost event costs nothing: every new connection rings as well.
 */
import { WebSocket } from 'ws';
import type { Connection } from './connection.js';

/** The server pings every 15 seconds; after three missed ones the connection is taken for dead. */
const silenceMs = 45_000;
const [firstRetryMs, longestRetryMs] = [250, 5_000];

/** `connected`: false while nothing is told: a connection that is being repaired, or a key that may not follow events. */
export interface Following { readonly connected: boolean; stop(): void }

/** Rings for every event of `type` and for every connection, until it is stopped. */
export function followEvents({ url, authorization }: Connection, type: string, ring: () => void): Following {
  let socket: WebSocket | null = null;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let stopped = false;
  const open = (): void => {
    const one = socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/events`, { headers: { authorization }, handshakeTimeout: 10_000 });
    let silence: NodeJS.Timeout | undefined;
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => one.terminate(), silenceMs);
    };
    one.on('open', () => { failures = 0; listen(); ring(); });
    one.on('ping', listen);
    one.on('message', (data: Buffer) => { listen(); if (typeOf(data.toString()) === type) ring(); });
    one.on('error', () => undefined);
    one.on('close', () => {
      clearTimeout(silence);
      if (stopped) return;
      failures += 1;
      timer = setTimeout(open, Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1)));
    });
  };
  open();
  return {
    get connected() { return socket?.readyState === WebSocket.OPEN; },
    stop() {
      stopped = true;
      clearTimeout(timer);
      socket?.terminate();
    },
  };
}

function typeOf(message: string): unknown {
  try {
    return (JSON.parse(message) as { type?: unknown } | null)?.type;
  } catch {
    return undefined;
  }
}
