/** One gRPC call of a host, from its stream to Temporal and back. Whatever goes wrong is a status; nothing throws. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { FrameReader, frame, timeoutMsOf } from './framing.js';
import { admit, handOver, type Passed, type PayloadCodec, readTask, type RuleContext, ruleOf } from './rules.js';
import { headerText, Refusal, status } from './status.js';
import type { Caller } from './task-token.js';
import type { Upstream } from './upstream.js';

export interface CallDeps extends RuleContext {
  upstream: Upstream;
  /** Absent: payloads pass as they are. */
  codec?: PayloadCodec | undefined;
  /** A host's message has to be there by then. */
  bodyMs: number;
  /** False: the host has too many bytes on their way already. What was taken is given back at the end. */
  take: (host: string, bytes: number) => boolean;
  give: (host: string, bytes: number) => void;
  /** Somebody tried what is not his. */
  onDenied: (host: string, path: string, message: string) => void;
  /** Faults of ours. */
  onError(error: unknown): void;
}

const headers = { ':status': 200, 'content-type': 'application/grpc' };

export function refuseCall(stream: ServerHttp2Stream, { code, message }: Refusal): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond({ ...headers, 'grpc-status': String(code), 'grpc-message': headerText(message) }, { endStream: true });
  // What is still being sent is of no interest: without this a flood goes on into a closed door.
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function answer(stream: ServerHttp2Stream, bytes: Uint8Array): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond(headers, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(frame(bytes));
}

function readMessage(stream: ServerHttp2Stream, host: string, { bodyMs, take, give }: CallDeps): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    let taken = 0;
    const late = setTimeout(() => reject(new Refusal(status.deadlineExceeded, 'the message did not come in time')), bodyMs);
    const settle = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        clearTimeout(late);
        stream.removeAllListeners('data');
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    stream.on('data', (chunk: Buffer) => settle(() => {
      if (!take(host, chunk.length)) throw new Refusal(status.resourceExhausted, 'this host sends too much at once');
      taken += chunk.length;
      reader.add(chunk);
    }));
    stream.once('end', () => settle(() => {
      clearTimeout(late);
      resolve(reader.end());
    }));
    stream.once('close', () => {
      clearTimeout(late);
      give(host, taken);
      reject(new Refusal(status.cancelled, 'the host has gone'));
    });
  });
}

async function pass(passed: Passed, caller: Caller, timeoutMs: number, signal: AbortSignal, deps: CallDeps): Promise<Uint8Array> {
  if (passed.kind === 'constant') return passed.bytes;
  if (passed.kind === 'answer') {
    await deps.codec?.fromHost(passed);
    return deps.upstream.call(passed.method, passed.encode(), timeoutMs, signal);
  }
  const bytes = await deps.upstream.call(passed.method, passed.bytes, timeoutMs, signal);
  const task = readTask(bytes);
  if (task === null) return bytes;
  await deps.codec?.toHost(task.workflowExecution?.workflowId ?? '', task);
  return handOver(task, caller, deps);
}

/** Ends with the stream. */
export async function serveCall(stream: ServerHttp2Stream, request: IncomingHttpHeaders & { ':path'?: string }, caller: Caller, deps: CallDeps): Promise<void> {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  const path = request[':path'] ?? '';
  try {
    ruleOf(path);
    const encoding = request['grpc-encoding'];
    if (encoding !== undefined && encoding !== 'identity') throw new Refusal(status.unimplemented, 'compressed messages are not accepted');
    const timeout = request['grpc-timeout'];
    const message = await readMessage(stream, caller.host, deps);
    const passed = admit(path, message, caller, deps);
    answer(stream, await pass(passed, caller, timeoutMsOf(typeof timeout === 'string' ? timeout : undefined), gone.signal, deps));
  } catch (error) {
    if (error instanceof Refusal) {
      if (error.code === status.permissionDenied) deps.onDenied(caller.host, path, error.message);
      return refuseCall(stream, error);
    }
    deps.onError(error);
    refuseCall(stream, new Refusal(status.internal, 'something went wrong inside the gateway'));
  }
}
