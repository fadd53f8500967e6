/** The browser's side of an event stream: its WebSocket, its idea of the network, its moments to try again. */
import { EventStream, type Socket, type StreamHost, type StreamListener } from './event-stream.js';

export interface StreamFilter { rolloutId?: string; deployId?: string }

const probeTimeoutMs = 5_000;

function address(filter: StreamFilter, after: number | null): string {
  const url = new URL('/ws/events', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (after !== null) url.searchParams.set('after', String(after));
  if (filter.rolloutId) url.searchParams.set('rollout_id', filter.rolloutId);
  if (filter.deployId) url.searchParams.set('deploy_id', filter.deployId);
  return url.href;
}

/** One that nobody wants any more before it is there is closed when it is: browsers take the other way for a fault, and say so in the console. */
function closedInOrder(socket: WebSocket): Socket {
  return Object.assign(socket, {
    close(): void {
      if (socket.readyState === WebSocket.CONNECTING) socket.addEventListener('open', () => WebSocket.prototype.close.call(socket));
      else WebSocket.prototype.close.call(socket);
    },
  });
}

const host = (filter: StreamFilter): StreamHost => ({
  open: (after) => closedInOrder(new WebSocket(address(filter, after))),
  offline: () => !navigator.onLine,
  reachable: async () => (await fetch('/healthz', { signal: AbortSignal.timeout(probeTimeoutMs), cache: 'no-store' })).ok,
  random: Math.random,
});

/** Subscribes until the returned function is called. */
export function followEvents(filter: StreamFilter, listener: StreamListener, after: number | null): () => void {
  const stream = new EventStream(host(filter), listener, after);
  const wake = () => stream.wake();
  const check = () => stream.check();
  window.addEventListener('online', wake);
  window.addEventListener('offline', check);
  document.addEventListener('visibilitychange', wake);
  stream.start();
  return () => {
    window.removeEventListener('online', wake);
    window.removeEventListener('offline', check);
    document.removeEventListener('visibilitychange', wake);
    stream.stop();
  };
}
