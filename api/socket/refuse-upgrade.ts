/** A refusal before the upgrade: a plain HTTP answer on the raw socket, in the same shape as everywhere. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../log.js';
import { refusalOf } from '../../control/problem.js';

export function refuseUpgrade(socket: Duplex, error: unknown, log: Logger): void {
  const requestId = randomUUID();
  const { problem, retryAfterSeconds, unexpected } = refusalOf(error, requestId);
  if (unexpected) log.error({ request_id: requestId, err: error }, 'upgrade failed');
  log.info({ request_id: requestId, route: 'upgrade', status: problem.status, code: problem.code }, 'request');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...(retryAfterSeconds === null ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
