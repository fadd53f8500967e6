import { connect } from 'node:http2';

const describeNamespace = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';
const callTimeoutMs = 2_000;

/** A gRPC frame with the one-field message {1: "default"}: no gRPC library is needed to ask one question. */
function question(namespace: string): Buffer {
  const name = Buffer.from(namespace);
  const message = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** True when the server at `address` (host:port) serves the default namespace. Never throws. */
export function temporalServes(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), callTimeoutMs);
    session.on('error', () => finish(false));
    const stream = session.request({ ':method': 'POST', ':path': describeNamespace, 'content-type': 'application/grpc', te: 'trailers' });
    let status: unknown;
    stream.on('response', (headers) => (status = headers['grpc-status']));
    stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
    stream.on('error', () => finish(false));
    stream.on('close', () => finish(String(status) === '0'));
    stream.resume();
    stream.end(question('default'));
  });
}
