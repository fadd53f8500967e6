/**
 * A line to Temporal (gRPC over HTTP/2 without TLS) on which some calls have their effect and are answered with an error,
 * or not at all; and some tasks are handed out to a poll that nobody hears.
 */
import { connect, constants, createServer, type ClientHttp2Session, type Http2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Chance } from './chance.js';
import { listening, type Proxy } from './postgres-proxy.js';

const mutating = new Set([
  'StartWorkflowExecution', 'UpdateWorkflowExecution', 'SignalWorkflowExecution', 'RequestCancelWorkflowExecution',
  'RespondWorkflowTaskCompleted', 'RespondWorkflowTaskFailed', 'RespondActivityTaskCompleted', 'RespondActivityTaskFailed', 'RespondActivityTaskCanceled', 'RecordActivityTaskHeartbeat',
]);
const polls = new Set(['PollWorkflowTaskQueue', 'PollActivityTaskQueue']);
/** An answer of a poll that has waited in vain has next to nothing in it. */
const emptyBytes = 200;
/** Each costs the time in which Temporal notices that its task has got lost: ten seconds and more. */
const pollRate = 0.01;

const unavailable = '14';
const deadlineExceeded = '4';

interface Answer { headers: OutgoingHttpHeaders; body: Buffer[]; trailers: OutgoingHttpHeaders | null }

export async function proxyTemporal(targetPort: number, chance: Chance): Promise<Proxy> {
  const sessions = new Set<Http2Session>();
  const server = createServer();
  server.on('session', (near) => {
    const far = connect(`http://127.0.0.1:${String(targetPort)}`);
    for (const session of [near, far]) {
      sessions.add(session);
      session.on('error', () => undefined).on('close', () => { sessions.delete(session); near.close(); far.close(); });
    }
    far.on('goaway', () => near.close());
    near.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => forward(stream, headers, far, chance));
  });
  return listening(server, '0.0.0.0', () => { for (const session of sessions) session.destroy(); });
}

function forward(near: ServerHttp2Stream, headers: IncomingHttpHeaders, far: ClientHttp2Session, chance: Chance): void {
  near.on('error', () => undefined);
  if (far.destroyed || far.closed) return near.close(constants.NGHTTP2_REFUSED_STREAM);
  const method = headers[':path']?.split('/').at(-1) ?? '';
  const stream = far.request(forwarded(headers));
  const answer: Answer = { headers: {}, body: [], trailers: null };
  stream.on('response', (received) => { answer.headers = forwarded(received); });
  stream.on('trailers', (received) => { answer.trailers = forwarded(received); });
  stream.on('data', (chunk: Buffer) => answer.body.push(chunk));
  stream.on('error', () => near.close(constants.NGHTTP2_REFUSED_STREAM));
  stream.on('end', () => finish(near, method, answer, chance));
  near.on('close', () => stream.close(constants.NGHTTP2_CANCEL));
  near.pipe(stream);
}

/** Names and values only: what is about one connection stays there. */
const forwarded = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'connection'));

function finish(near: ServerHttp2Stream, method: string, answer: Answer, chance: Chance): void {
  if (near.destroyed || near.closed) return;
  const status = String((answer.trailers ?? answer.headers)['grpc-status'] ?? '0');
  if (status === '0' && isLost(method, answer, chance)) return lose(near, method, chance);
  if (answer.trailers === null) return void near.respond(answer.headers, { endStream: true });
  const { trailers } = answer;
  near.respond(answer.headers, { waitForTrailers: true });
  near.on('wantTrailers', () => near.sendTrailers(trailers));
  near.end(Buffer.concat(answer.body));
}

function isLost(method: string, { body }: Answer, chance: Chance): boolean {
  if (mutating.has(method)) return chance.loses(method);
  return polls.has(method) && body.reduce((sum, { length }) => sum + length, 0) > emptyBytes && chance.loses(method, pollRate);
}

function lose(near: ServerHttp2Stream, method: string, chance: Chance): void {
  chance.lost(method);
  const how = chance.pick(method, [unavailable, deadlineExceeded, 'reset'] as const);
  if (how === 'reset') near.close(constants.NGHTTP2_INTERNAL_ERROR);
  else near.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': how, 'grpc-message': 'the answer was lost' }, { endStream: true });
}
