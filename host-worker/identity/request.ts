/** One HTTP request with this host's certificate. Redirects are not followed: the certificate is for one gateway. */
import { request as httpRequest } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

export interface Outgoing {
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. Absent: a GET. */
  body?: unknown;
  signal: AbortSignal;
  agent?: Agent | undefined;
}

const withoutBody = new Set([204, 205, 304]);

function answerOf(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  if (!withoutBody.has(status)) return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers });
  incoming.resume();
  return new Response(null, { status, headers });
}

/** Rejects when there is no answer. An aborted signal also ends a body that is being read. */
export function fetchOnce({ url, headers = {}, body, signal, agent }: Outgoing): Promise<Response> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const post = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  return new Promise((resolve, reject) => {
    const options = { method: text === undefined ? 'GET' : 'POST', headers: { ...headers, ...post }, signal };
    const outgoing = url.protocol === 'https:' ? httpsRequest(url, { ...options, agent }) : httpRequest(url, options);
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const status = incoming.statusCode ?? 0;
      if (status < 200 || status > 599 || (status >= 300 && status < 400 && status !== 304)) {
        incoming.resume();
        return reject(new Error(`an answer of ${String(status)} is not expected`));
      }
      resolve(answerOf(incoming));
    });
    outgoing.end(text);
  });
}
