/** A line to an HTTP server on which some requests that change something are carried out, and then the connection is cut. */
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect, type NetConnectOpts } from 'node:net';
import type { Chance } from './chance.js';

export type Target = { socketPath: string } | { host: string; port: number };

/** `kindOf`: null for requests that are always answered. GET /_lost tells the counts. */
export function httpProxy(target: Target, chance: Chance, kindOf: (method: string, path: string) => string | null): Server {
  const server = createServer((request, response) => {
    if (request.url === '/_lost') return void response.end(JSON.stringify(chance.counts));
    const kind = kindOf(request.method ?? '', request.url ?? '');
    forward(target, request, response, kind !== null && chance.loses(kind) ? () => chance.lost(kind) : null);
  });
  server.on('upgrade', (request: IncomingMessage, near: Duplex, head: Buffer) => upgrade(target, request, near, head));
  return server;
}

function forward(target: Target, request: IncomingMessage, response: ServerResponse, losing: (() => void) | null): void {
  const cut = (): void => { request.socket.destroy(); };
  const onward = ask({ ...target, method: request.method, path: request.url, headers: request.headers, agent: false }, (answer) => {
    answer.on('error', cut);
    if (losing !== null && (answer.statusCode ?? 500) < 400) {
      answer.resume().on('end', () => { losing(); cut(); });
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // What is told bit by bit is passed on bit by bit.
    response.flushHeaders();
    answer.pipe(response);
  });
  onward.on('error', cut);
  // Whoever goes away while nothing is lost yet is gone for the server too.
  response.on('close', () => { if (losing === null && !response.writableFinished) onward.destroy(); });
  request.pipe(onward);
}

/** From here on it is no HTTP any more: bytes go both ways. */
function upgrade(target: Target, request: IncomingMessage, near: Duplex, head: Buffer): void {
  const far = connect(('socketPath' in target ? { path: target.socketPath } : target) as NetConnectOpts);
  for (const end of [near, far]) end.on('error', () => undefined).on('close', () => { near.destroy(); far.destroy(); });
  const lines = request.rawHeaders.reduce<string[]>((all, text, index, raw) => (index % 2 === 0 ? [...all, `${text}: ${raw[index + 1] ?? ''}`] : all), []);
  far.write(`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) far.write(head);
  near.pipe(far).pipe(near);
}
