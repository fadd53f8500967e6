import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ControlPlaneStandIn } from './control-plane-stand-in.js';
import { connectControlPlane } from '../../host-worker/control-plane/client.js';
import { desiredPlacement } from '../../host-worker/control-plane/desired-answer.js';
import { PassingTrouble } from '../../host-worker/trouble.js';
import { dockerRun, file, httpOn, placement, quick, systemdRun, tree } from './placements.js';

const never = new AbortController().signal;
let control: ControlPlaneStandIn;
beforeEach(async () => { control = await ControlPlaneStandIn.start(); });
afterEach(async () => { await control.stop(); });

const client = (over: { timeoutMs?: number; tries?: number; url?: string } = {}) =>
  connectControlPlane({ url: `http://127.0.0.1:${String(control.port)}`, firstDelayMs: 5, ...over });

const everything = [
  placement({ run: dockerRun({ ports: [{ ip: '0.0.0.0', host_port: 80, container_port: 80, protocol: 'udp' }], command: ['a'], resources: { memory_bytes: 1, cpus: 0.5 } }), healthcheck: httpOn(80) }),
  placement({ component: 'worker', run: systemdRun({ user: 'app', env: { A: 'b' } }), files: [file('/etc/a', 'x')], trees: [tree('/srv/a', { 'i.html': 'y' })], healthcheck: { ...quick, type: 'tcp', host: 'localhost', port: 5432 } }),
];

describe('what shall be here', () => {
  it('is asked for by run and component, and comes as it was sent', async () => {
    control.runs.set('rol_1', everything);
    expect(await client().desired({ run_id: 'rol_1', component: 'worker', content: true }, never)).toEqual([everything[1]]);
    expect(control.requests).toMatchObject([{ method: 'GET', path: '/host/v1/desired?run=rol_1&content=1&component=worker' }]);
    const [, worker] = await client().desired({ run_id: 'rol_1' }, never);
    expect(worker?.files[0]).not.toHaveProperty('content');
    expect(worker?.trees[0]?.files[0]).not.toHaveProperty('content');
  });

  it('of a closed run is not found, for good and at once', async () => {
    await expect(client().desired({ run_id: 'rol_closed' }, never)).rejects.toMatchObject({ code: 'not_found' });
    expect(control.requests).toHaveLength(1);
  });

  it.each([401, 403])('is refused with %i: the host has to be enrolled again', async (status) => {
    control.nextStatuses = [status];
    await expect(client().desired({ run_id: 'rol_1' }, never)).rejects.toMatchObject({ code: 'auth_error', fix: expect.stringContaining('Enroll') });
  });

  it('is asked for again while the control plane is not ready', async () => {
    control.runs.set('rol_1', everything);
    control.nextStatuses = [503, 502, 429, 500];
    expect(await client().desired({ run_id: 'rol_1' }, never)).toHaveLength(2);
  });

  it('is passing trouble after a bounded number of tries', async () => {
    control.nextStatuses = Array.from({ length: 10 }, () => 503);
    await expect(client({ tries: 3 }).desired({ run_id: 'rol_1' }, never)).rejects.toThrow(PassingTrouble);
    expect(control.requests).toHaveLength(3);
    await expect(client({ tries: 2, url: 'http://127.0.0.1:1' }).desired({ run_id: 'rol_1' }, never)).rejects.toThrow(/cannot be reached: (bad port|ECONNREFUSED)/);
  });

  it('is not waited for without end', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const started = performance.now();
    await expect(client({ url: `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`, timeoutMs: 100, tries: 2 }).desired({ run_id: 'rol_1' }, never)).rejects.toThrow(PassingTrouble);
    expect(performance.now() - started).toBeLessThan(1_500);
    silent.closeAllConnections();
    silent.close();
  });

  it('is not asked for any more by an activity that was cancelled', async () => {
    control.nextStatuses = Array.from({ length: 50 }, () => 503);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('cancelled')), 30);
    await expect(client({ tries: 50 }).desired({ run_id: 'rol_1' }, stop.signal)).rejects.toThrow(/cancelled|aborted/);
    // One may be on its way.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const asked = control.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(control.requests.length).toBe(asked);
  });

  it('does not follow a redirect', async () => {
    const thief = await ControlPlaneStandIn.start();
    const redirecting = createServer((_, response) => response.writeHead(307, { location: `http://127.0.0.1:${String(thief.port)}/host/v1/desired` }).end());
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    await expect(client({ url: `http://127.0.0.1:${String((redirecting.address() as AddressInfo).port)}`, tries: 1 }).desired({ run_id: 'rol_1' }, never)).rejects.toThrow();
    expect(thief.requests).toEqual([]);
    redirecting.close();
    await thief.stop();
  });
});

describe('an answer', () => {
  it('is taken only in the shape that both sides know', () => {
    for (const wanted of everything) expect(desiredPlacement.parse(JSON.parse(JSON.stringify(wanted)))).toEqual(wanted);
  });

  const [web] = everything;
  it.each<[string, object]>([
    ['no run section', { run: undefined }], ['another kind of run section', { run: { type: 'kubernetes' } }], ['a container name with a slash', { run: { ...web?.run, container_name: '../x' } }],
    ['an option for a container name', { run: { ...web?.run, container_name: '--privileged' } }], ['a mode out of range', { files: [{ ...file('/etc/a', ''), mode: 0o10000 }] }],
    ['a hash that is none', { files: [{ ...file('/etc/a', ''), sha256: '../../x' }] }], ['a tree hash that is a path', { trees: [{ ...tree('/srv/a', {}), tree_hash: '..' }] }],
    ['a port out of range', { healthcheck: { ...quick, type: 'tcp', host: 'x', port: 70_000 } }], ['env that is no text', { run: { ...web?.run, env: { A: 1 } } }],
  ])('with %s is refused', async (_, over) => {
    expect(desiredPlacement.safeParse({ ...web, ...over }).success).toBe(false);
  });

  it('that cannot be read names the field and asks for equal versions', async () => {
    control.runs.set('rol_1', [{ ...placement(), version: 'one' as unknown as number }]);
    await expect(client().desired({ run_id: 'rol_1' }, never)).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('placements.0.version'), fix: expect.stringContaining('same version') });
  });
});

describe('a greeting', () => {
  it('says what the host has', async () => {
    await client().hello({ docker: true, systemd: false, missing: ['systemd'] }, '0.1.0', [`sha256:${'a'.repeat(64)}`]);
    expect(JSON.parse(control.requests[0]?.body ?? '')).toEqual({ facts: { docker: true, systemd: false, missing: ['systemd'] }, version: '0.1.0', trusts: [`sha256:${'a'.repeat(64)}`] });
  });
  it('that is refused says why', async () => {
    control.nextStatuses = [401];
    await expect(client().hello({ docker: true, systemd: true, missing: [] }, '0.1.0', [])).rejects.toMatchObject({ code: 'auth_error' });
  });
});
