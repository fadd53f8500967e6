/** The page's subscription against a real WebSocket server that behaves badly. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { EventStream, type StreamHost, type StreamStatus } from '../../web/src/api/event-stream.js';

const timing = { batchMs: 5, firstRetryMs: 20, longestRetryMs: 40, silenceMs: 150 };
const wire = (id: number) => JSON.stringify({ id, type: 'rollout.state', ts: '2026-11-23T03:00:00.000Z', rollout_id: 'rol_1', data: { state: 'running' } });

let server: WebSocketServer;
let asked: (string | null)[];
let stream: EventStream | null;
let seen: { ids: number[]; statuses: StreamStatus[]; gaps: number };
let serverThere: boolean;

const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let waited = 0; waited < 5_000; waited += 5) {
    if (holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
  throw new Error(`waited 5 s for ${what}; seen: ${JSON.stringify({ ...seen, asked })}`);
};

const follow = (after: number | null): void => {
  const { port } = server.address() as AddressInfo;
  const host: StreamHost = {
    open: (last) => new WebSocket(`ws://127.0.0.1:${port}/ws/events${last === null ? '' : `?after=${last}`}`),
    offline: () => false,
    reachable: () => Promise.resolve(serverThere),
    random: Math.random,
  };
  stream = new EventStream(host, {
    onEvents: (events) => { seen.ids.push(...events.map(({ id }) => id)); },
    onStatus: (status) => { seen.statuses.push(status); },
    onGap: () => { seen.gaps += 1; },
  }, after, timing);
  stream.start();
};

/** What the server does with the first, second, … connection; the last goes on for all further ones. */
const serve = (...scripts: ((socket: WebSocket) => void)[]): void => {
  server.on('connection', (socket, request) => {
    asked.push(new URL(request.url ?? '/', 'http://localhost').searchParams.get('after'));
    scripts[Math.min(asked.length, scripts.length) - 1]?.(socket);
  });
};

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => { server.once('listening', resolve); });
  [asked, seen, stream, serverThere] = [[], { ids: [], statuses: [], gaps: 0 }, null, true];
});
afterEach(async () => {
  stream?.stop();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => { server.close(resolve); });
});

describe('the event stream', () => {
  test('asks for what comes after the id it was given, and hands on what it gets', async () => {
    serve((socket) => { socket.send(wire(8)); socket.send(wire(9)); });
    follow(7);
    await until('two events', () => seen.ids.length === 2);
    expect(asked).toEqual(['7']);
    expect(seen).toEqual({ ids: [8, 9], statuses: ['connecting', 'live'], gaps: 0 });
  });

  test('after a cut says reconnecting, comes back by itself and asks from the last id it has seen', async () => {
    serve((socket) => { socket.send(wire(8), () => socket.terminate()); }, (socket) => { socket.send(wire(9)); });
    follow(7);
    await until('the event after the cut', () => seen.ids.includes(9));
    expect(asked).toEqual(['7', '8']);
    expect(seen.statuses).toEqual(['connecting', 'live', 'reconnecting', 'live']);
  });

  test('a gap message tells the page to read the snapshot again, and the stream goes on', async () => {
    serve((socket) => { socket.send(wire(8)); socket.send(JSON.stringify({ type: 'gap', after: 8 })); socket.close(1013); }, (socket) => { socket.send(wire(9)); });
    follow(7);
    await until('the event after the gap', () => seen.ids.includes(9));
    expect(seen.gaps).toBe(1);
    expect(asked.at(-1)).toBe('8');
  });

  test('a cut before any event counts as a gap, since there is no id to go on from', async () => {
    serve((socket) => socket.terminate(), () => undefined);
    follow(null);
    await until('the second connection', () => seen.statuses.at(-1) === 'live' && asked.length >= 2);
    expect(asked).toEqual([null, null]);
    expect(seen.gaps).toBe(1);
  });

  test('a silent connection to a server that is gone is not called live', async () => {
    serve(() => undefined);
    follow(7);
    await until('live', () => seen.statuses.at(-1) === 'live');
    serverThere = false;
    await until('reconnecting', () => seen.statuses.includes('reconnecting'));
  });

  test('a silent connection to a server that is there stays as it is', async () => {
    serve(() => undefined);
    follow(7);
    await until('live', () => seen.statuses.at(-1) === 'live');
    await new Promise((resolve) => { setTimeout(resolve, timing.silenceMs * 3); });
    expect(seen.statuses).toEqual(['connecting', 'live']);
    expect(asked).toHaveLength(1);
  });

  test('messages that are no events are passed over', async () => {
    serve((socket) => { socket.send('{'); socket.send('{"type":"from.the.future","id":1}'); socket.send(wire(8)); });
    follow(null);
    await until('the event', () => seen.ids.length > 0);
    expect(seen.ids).toEqual([8]);
  });

  test('stopped, it opens nothing any more', async () => {
    serve((socket) => socket.terminate());
    follow(7);
    await until('the first connection', () => asked.length === 1);
    stream?.stop();
    const connections = asked.length;
    await new Promise((resolve) => { setTimeout(resolve, 150); });
    expect(asked).toHaveLength(connections);
  });
});
