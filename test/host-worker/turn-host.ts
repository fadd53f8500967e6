/** Units that take turns, for tests on a real host: a program that says which version it is, and answers slowly when asked to. */
import type { DesiredPlacement, SystemdRun } from '../../spec/desired.js';
import type { HostLab } from './host-lab.js';
import { file, httpOn, placement, type PlacementParts, systemdRun } from './placements.js';

const program = `
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        url = urlparse(self.path)
        if url.path == '/slow': time.sleep(int(parse_qs(url.query)['ms'][0]) / 1000)
        body = ('version=%s port=%s\\n' % (os.environ['VERSION'], sys.argv[1])).encode()
        self.send_response(503 if url.path == '/health' and os.environ.get('SICK') else 200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
class Server(ThreadingHTTPServer):
    request_queue_size = 128
    disable_nagle_algorithm = True
print('begins as', os.environ['VERSION'], flush=True)
Server(('0.0.0.0', int(sys.argv[1])), Handler).serve_forever()
`;

export const front = 'maestro-web.service';
const command = (port: string): string => `/usr/bin/python3 /opt/demo/web.py ${port}`;

/** `version` is what it says of itself; in `run` and `parts`, what is to be otherwise. */
export function turning(version: number, run: Partial<SystemdRun> = {}, parts: PlacementParts = {}): DesiredPlacement {
  return placement({
    version, deploy_mode: 'blue_green', healthcheck: { ...httpOn(8080, '/health'), interval_ms: 100 }, files: [file('/opt/demo/web.py', program, { mode: 0o644 })],
    run: systemdRun({ unit_name: front, command: command('${MAESTRO_PORT}'), env: { VERSION: String(version) }, slots: { port: 8080 }, restart_sec: 1, ...run }, 'web'), ...parts,
  });
}

/** One unit, which listens on the published port itself. */
export function single(version: number, run: Partial<SystemdRun> = {}): DesiredPlacement {
  const { deploy_mode: _, run: __, hash: ___, ...rest } = turning(version);
  return placement({ ...rest, run: systemdRun({ unit_name: front, command: command('8080'), env: { VERSION: String(version) }, restart_sec: 1, ...run }, 'web') });
}

export const served = (lab: HostLab): Promise<string> => lab.httpBody('http://127.0.0.1:8080/');

/** Units of the component that there are, with whether they run and start with the host. */
export async function units(lab: HostLab): Promise<string[]> {
  const script = `cd /etc/systemd/system; for f in maestro-web*.service; do test -L $f && echo "$f -> $(readlink $f)" || echo "$f $(systemctl is-active $f) $(test -L multi-user.target.wants/$f && echo enabled)"; done; ls multi-user.target.wants | grep maestro-web | wc -l; systemctl list-units --all --plain --no-legend 'maestro-web*' | wc -l`;
  return (await lab.succeed(['sh', '-c', script])).trim().split('\n').map((line) => line.trim());
}

export const rules = async (lab: HostLab): Promise<string[]> => (await lab.succeed(['iptables-save'])).split('\n').filter((line) => line.includes('MAESTRO'));

/** Asks from the host itself, at its own address and at 127.0.0.1, on new connections, until the file is there; prints how often it was answered, and what went wrong. */
const asking = `
import http.client, os, sys, time
answered, failed, order = 0, [], []
while not os.path.exists('/tmp/asked-enough'):
    for host in sys.argv[1:]:
        try:
            connection = http.client.HTTPConnection(host, 8080, timeout=20)
            connection.request('GET', '/')
            response = connection.getresponse()
            version = response.read().decode().split()[0]
            if response.status != 200: raise Exception('http %d' % response.status)
            if version not in order: order.append(version)
            answered += 1
            connection.close()
        except Exception as error: failed.append('%s: %r' % (host, error))
    time.sleep(0.004)
print(answered, ' '.join(order), '; '.join(failed), sep='|')
`;

export interface AskedInside { answered: number; order: string; failed: string }

export async function askInside(lab: HostLab): Promise<() => Promise<AskedInside>> {
  await lab.succeed(['rm', '-f', '/tmp/asked-enough']);
  await lab.host.writeFile('/tmp/asking.py', asking);
  const asked = lab.succeed(['python3', '/tmp/asking.py', '127.0.0.1', lab.host.address], 120_000);
  asked.catch(() => undefined);
  return async () => {
    await lab.succeed(['touch', '/tmp/asked-enough']);
    const [answered = '', order = '', failed = ''] = (await asked).trimEnd().split('|');
    return { answered: Number(answered), order, failed };
  };
}
