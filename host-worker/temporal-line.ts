/** The connection to Temporal, through the gateway and with this host's certificate; a new one for every new certificate. */
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Identity } from './identity/identity.js';
import type { IdentityHolder } from './identity/holder.js';
import { messageOf } from './trouble.js';

const retryMs = 5_000;

function connectWith({ gatewayUrl, key, certificate, ca }: Identity): Promise<NativeConnection> {
  const { hostname, port } = new URL(gatewayUrl);
  return NativeConnection.connect({
    address: `${hostname}:${port === '' ? '443' : port}`,
    tls: { serverRootCACertificate: Buffer.from(ca), clientCertPair: { crt: Buffer.from(certificate), key: Buffer.from(key) } },
    // The gateway takes no compressed messages, so that none can be a bomb.
    grpcCompression: { codec: 'none' },
  });
}

export class TemporalLine {
  private connection: NativeConnection | null = null;
  private forget: () => void = () => undefined;
  private retry: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(private readonly holder: IdentityHolder, private readonly log: Pick<Logger, 'warn'>) {}

  async connect(): Promise<NativeConnection> {
    this.connection = await connectWith(this.holder.identity);
    return this.connection;
  }

  /** From now on the worker goes over to a new connection whenever the certificate is renewed; what it is doing goes on. */
  follow(worker: Worker): void {
    this.forget = this.holder.onRenewed(() => void this.replace(worker));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.forget();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.connection?.close();
  }

  private async replace(worker: Worker): Promise<void> {
    try {
      const next = await connectWith(this.holder.identity);
      if (this.closed) return void (await next.close());
      worker.connection = next;
      const before = this.connection;
      this.connection = next;
      // Calls that are under way hold it until they end.
      await before?.close();
    } catch (error) {
      this.log.warn({ error: messageOf(error), retry_ms: retryMs }, 'the gateway cannot be reached with the renewed certificate, trying again');
      if (!this.closed) this.retry = setTimeout(() => void this.replace(worker), retryMs);
    }
  }
}
