/** TLS and certificates as the gateway has them, in front of a stand-in for the control plane; gRPC is not spoken. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { createPrivateKey } from 'node:crypto';
import { type Authority, certificateDigest, makeHostCertificate, makeIntermediate, makeRoot, makeServerCertificate, readHostRequest } from '../../control/identity/certificates.js';
import { certificateRequest } from '../../host-worker/identity/certificate-request.js';
import { ownKey, storeIdentity } from '../../host-worker/identity/identity.js';

export class DoorStandIn {
  /** Names of the hosts that have connected. */
  readonly callers: string[] = [];

  private constructor(private readonly server: Server, private readonly root: Authority, private readonly intermediate: Authority, private readonly sockets: Set<Socket>) {}

  static async start(targetPort: number): Promise<DoorStandIn> {
    const root = await makeRoot(new Date());
    const intermediate = await makeIntermediate(root, 1, new Date());
    const { certificate, key } = await makeServerCertificate(intermediate, ['127.0.0.1'], new Date());
    const sockets = new Set<Socket>();
    const server = createServer({ key, cert: `${certificate}\n${intermediate.certificate}\n${root.certificate}`, ca: root.certificate, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'], minVersion: 'TLSv1.3' });
    const door = new DoorStandIn(server, root, intermediate, sockets);
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (near) => {
      door.callers.push(String(near.getPeerCertificate().subject.CN));
      const far = connect(targetPort, '127.0.0.1');
      for (const end of [near, far]) {
        sockets.add(end);
        end.on('error', () => undefined).on('close', () => { sockets.delete(end); near.destroy(); far.destroy(); });
      }
      near.pipe(far).pipe(near);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return door;
  }

  get url(): string {
    return `https://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async enroll(node: string, stateFolder: string): Promise<void> {
    const key = await ownKey(stateFolder);
    const { publicKey } = await readHostRequest(await certificateRequest(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })), node));
    const { certificate } = await makeHostCertificate(this.intermediate, publicKey, { name: node, generation: 1 }, new Date());
    await storeIdentity(stateFolder, { node, gatewayUrl: this.url, caDigest: certificateDigest(this.root.certificate), certificate: `${certificate}\n${this.intermediate.certificate}`, ca: this.root.certificate });
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
