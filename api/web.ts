/** The pages: the built Next app in this process, or a plain page that says how to get them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface WebApp {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  close(): Promise<void>;
}

const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Maestro</title>
<body style="font-family: system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; line-height: 1.5">
<h1>Maestro</h1>
<p>The API is running; its pages have not been built. Build them with <code>npm run build</code>, then restart.</p>
<p>The API describes itself at <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</body></html>
`;

export const plainPage: WebApp = {
  handle(_request, response) {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(page);
    return Promise.resolve();
  },
  upgrade(_request, socket) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
};

/** `root` holds `web/`; undefined when the app is not built. Takes about a second. */
export async function nextApp(root: string, hostname: string, port: number): Promise<WebApp | undefined> {
  const dir = join(root, 'web');
  if (!existsSync(join(dir, '.next', 'BUILD_ID'))) return undefined;
  const loaded = await import('next');
  // Next's types describe an ES module; what Node loads is CommonJS, whose exports are the function itself.
  const next = loaded.default as unknown as typeof loaded.default.default;
  const app = next({ dir, dev: false, hostname, port, quiet: true });
  await app.prepare();
  const handle = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  return { handle: (request, response) => handle(request, response), upgrade: (request, socket, head) => upgrade(request, socket, head), close: () => app.close() };
}
