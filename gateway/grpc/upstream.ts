/**
 * The gateway's line to Temporal, bytes in and bytes out. The library reconnects after GOAWAY, a lost connection and a
 * restart of the server; a call that was under way then fails as unavailable, and the host repeats it.
 */
import { type ChannelOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { servicePath } from './rules.js';
import { Refusal, status } from './status.js';

/** Enough that no limit on the streams of one connection is ever the hosts' limit. */
const connections = 4;
const largestAnswerBytes = 16 << 20;

const options: ChannelOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': largestAnswerBytes,
  'grpc.max_send_message_length': -1,
  'grpc.enable_retries': 0,
};

const same = (bytes: Buffer): Buffer => bytes;

export class Upstream {
  private readonly clients: Client[];
  private next = 0;

  constructor(address: string) {
    this.clients = Array.from({ length: connections }, () => new Client(address, credentials.createInsecure(), options));
  }

  /** Throws Refusal with Temporal's own status. The call is taken back when `signal` is aborted. */
  call(method: string, request: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
    this.next = (this.next + 1) % connections;
    const client = this.clients[this.next];
    return new Promise((resolve, reject) => {
      if (client === undefined || signal.aborted) return reject(new Refusal(status.cancelled, 'the host has gone'));
      const call = client.makeUnaryRequest<Buffer, Buffer>(`${servicePath}${method}`, same, same, Buffer.from(request), new Metadata(), { deadline: Date.now() + timeoutMs }, (error: ServiceError | null, answer?: Buffer) => {
        signal.removeEventListener('abort', cancel);
        if (error === null) resolve(answer ?? Buffer.alloc(0));
        else reject(new Refusal(error.code, error.details));
      });
      const cancel = (): void => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}
