/** Whether a database error is about the line to the database, and not about what it was asked. */
const unreachableCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'EHOSTUNREACH',
  // Prisma: cannot reach, timed out, closed the connection, pool timeout, transaction not started in time.
  'P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028',
  // PostgreSQL: too many connections, shutting down, crashed, starting up, connection failures.
  '53300', '57P01', '57P02', '57P03', '08000', '08001', '08003', '08004', '08006',
]);

const member = (value: unknown, key: string): unknown => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined);

const unreachableKinds = new Set(['DatabaseNotReachable', 'SocketTimeout', 'ConnectionClosed', 'TooManyConnections']);
const unreachableText = /Can't reach database server|Connection terminated|Server has closed the connection|timeout exceeded when trying to connect/;

/** Walks the causes, since drivers wrap what the socket said. Six levels are more than any of them nests. */
export function isDatabaseUnreachable(error: unknown, depth = 0): boolean {
  if (depth > 6 || typeof error !== 'object' || error === null) return false;
  for (const key of ['code', 'errorCode', 'originalCode']) {
    const code = member(error, key);
    if (typeof code === 'string' && unreachableCodes.has(code)) return true;
  }
  const kind = member(error, 'kind');
  if (typeof kind === 'string' && unreachableKinds.has(kind)) return true;
  const message = member(error, 'message');
  if (typeof message === 'string' && unreachableText.test(message)) return true;
  const nested = member(error, 'errors');
  const wrapped = [member(error, 'cause'), member(member(error, 'meta'), 'driverAdapterError'), ...(Array.isArray(nested) ? nested : [])];
  return wrapped.some((inner) => isDatabaseUnreachable(inner, depth + 1));
}
