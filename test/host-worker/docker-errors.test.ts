import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import fc from 'fast-check';
import { answers, waitForDocker } from '../../host-worker/docker/client.js';
import { demultiplex } from '../../host-worker/docker/container-logs.js';
import { call, orNull, refused, saidBy, statusOf, unless } from '../../host-worker/docker/docker-call.js';
import { createdBy, isTransitional, type Listed, nameOf, nextName, previousName, refuseForeign, servingContainer } from '../../host-worker/docker/own-containers.js';
import { PassingTrouble } from '../../host-worker/trouble.js';
import { MaestroError } from '../../spec/errors.js';

/** As docker-modem throws them. */
const answered = (statusCode: number, said: string): Error => Object.assign(new Error(`(HTTP code ${String(statusCode)}) server error - ${said} `), { statusCode });
const broken = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('a call to Docker', () => {
  it.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'])('without an answer (%s) is passing trouble', async (code) => {
    await expect(call('list containers', () => Promise.reject(broken(code)))).rejects.toThrow(PassingTrouble);
    await expect(call('list containers', () => Promise.reject(new Error('socket hang up')))).rejects.toThrow(PassingTrouble);
  });

  it('that is not allowed is not passing: somebody has to allow it', async () => {
    await expect(call('list containers', () => Promise.reject(broken('EACCES')))).rejects.toMatchObject({ code: 'dependency_missing', fix: expect.stringContaining('group docker') });
  });

  it('that takes too long is passing trouble that says what it was', async () => {
    await expect(call('stop a container', () => new Promise(() => undefined), 50)).rejects.toThrow(/Docker did not stop a container within 0.05 s/);
  });

  it('that is answered with an error leaves the judging to the caller', async () => {
    await expect(call('x', () => Promise.reject(answered(409, 'in use')))).rejects.toMatchObject({ statusCode: 409 });
    await expect(call('x', () => Promise.reject(new TypeError('a bug')))).rejects.toThrow(TypeError);
    expect(await orNull(Promise.reject(answered(404, 'no such')))).toBeNull();
    await expect(orNull(Promise.reject(answered(500, 'no')))).rejects.toMatchObject({ statusCode: 500 });
    await unless([304, 404], Promise.reject(answered(304, '')));
    await expect(unless([304], Promise.reject(answered(404, '')))).rejects.toMatchObject({ statusCode: 404 });
    await expect(unless([304], Promise.reject(new Error('else')))).rejects.toThrow('else');
  });

  it.each([
    'dial unix /run/containerd/containerd.sock: connect: connection refused', 'rpc error: code = Unavailable desc = transport is closing', 'context canceled', 'daemon is shutting down',
    'OCI runtime create failed: runc create failed: unable to start container process: unable to apply cgroup configuration: failed to write 536: no such file or directory',
  ])('that is answered with "%s" is passing trouble, and an error of the caller with the same words is not', async (said) => {
    await expect(call('start a container', () => Promise.reject(answered(500, said)))).rejects.toThrow(PassingTrouble);
    await expect(call('start a container', () => Promise.reject(answered(400, said)))).rejects.toMatchObject({ statusCode: 400 });
  });

  it('shows what was said without the preamble', () => {
    expect(saidBy(answered(500, 'driver failed: two\nlines'))).toBe('driver failed: two\nlines');
    expect(saidBy(new Error('plain'))).toBe('plain');
    expect([statusOf(answered(500, 'x')), statusOf(new Error('x')), statusOf(null)]).toEqual([500, null, null]);
  });

  it.each([
    [500, 'Bind for 0.0.0.0:8080 failed: port is already allocated', 'runtime_error', 'Free the port'], [500, 'listen tcp4 0.0.0.0:80: bind: address already in use', 'runtime_error', 'Free the port'],
    [500, 'write /x: no space left on device', 'runtime_error', 'Free space'], [409, 'The container name "/web" is already in use', 'conflict', 'rename'],
    [400, 'invalid mount config', 'config_error', 'run section'], [500, 'something else', 'runtime_error', 'retry'],
  ])('refused with %i "%s" is %s', (status, said, code, fix) => {
    expect(refused('starting', answered(status, said))).toMatchObject({ code, fix: expect.stringContaining(fix), message: expect.stringContaining('starting failed') });
  });

  it('that is judged already is not judged again', () => {
    const known = new MaestroError('conflict', 'x');
    const passing = new PassingTrouble('y');
    expect([refused('z', known), refused('z', passing)]).toEqual([known, passing]);
  });
});

describe('a daemon', () => {
  it('that comes back is waited for, and no longer than allowed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'daemon-'));
    const docker = new Dockerode({ socketPath: join(folder, 'docker.sock') });
    expect(await answers(docker)).toBe(false);
    await expect(waitForDocker(docker, 300, new AbortController().signal)).rejects.toThrow(PassingTrouble);
    const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK')));
    setTimeout(() => server.listen(join(folder, 'docker.sock')), 300);
    await waitForDocker(docker, 10_000, new AbortController().signal);
    await new Promise((resolve) => server.close(resolve));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('cancelled')), 100);
    await expect(waitForDocker(docker, 10_000, stop.signal)).rejects.toThrow();
    await rm(folder, { recursive: true, force: true });
  });
});

describe('whose container it is', () => {
  const web = { deploy_id: 'dpl_aaaaaaaaaaaaaaaa', component: 'web' };
  const mark = (over: Record<string, string> = {}) => ({ 'maestro.deploy': web.deploy_id, 'maestro.component': 'web', 'maestro.version': '1', 'maestro.hash': 'h', ...over });
  const listed = (name: string, over: Partial<Listed> = {}): Listed => ({ id: `id of ${name}`, name, running: true, labels: mark(), ...over });

  it('is the one under its name, else under an earlier one, else the one set aside; never one that is not switched to yet', () => {
    const [current, earlier, aside, next] = [listed('web'), listed('old-web'), listed(previousName('web')), listed(nextName('web'))];
    expect(servingContainer([next, aside, earlier, current], web, 'web')).toBe(current);
    expect(servingContainer([next, aside, earlier], web, 'web')).toBe(earlier);
    expect(servingContainer([next, aside], web, 'web')).toBe(aside);
    expect(servingContainer([next], web, 'web')).toBeNull();
  });

  it('is a running one before a stopped one', () => {
    const [stopped, running] = [listed('a', { running: false }), listed('b')];
    expect(servingContainer([stopped, running], web, 'web')).toBe(running);
  });

  it('is nobody else\'s: not another component\'s, deploy\'s, or one without a mark', () => {
    for (const labels of [{}, mark({ 'maestro.component': 'db' }), mark({ 'maestro.deploy': 'dpl_bbbbbbbbbbbbbbbb' })]) expect(servingContainer([listed('web', { labels })], web, 'web')).toBeNull();
  });

  it('that an attempt made is known by its label, whatever it is named by now', () => {
    const key = { ...web, run_id: 'rol_1', attempt: 2 };
    const made = listed('some-name', { labels: mark({ 'maestro.attempt': 'rol_1/2' }) });
    expect(createdBy([listed('web'), made], key)).toBe(made);
    for (const attempt of ['rol_1/1', 'rol_2/2', 'rol_1/22']) expect(createdBy([listed('web', { labels: mark({ 'maestro.attempt': attempt }) })], key)).toBeNull();
    expect(createdBy([made], { ...key, component: 'db' })).toBeNull();
  });

  it('that has a name we need and is not ours is a conflict, with its owner', () => {
    expect(() => refuseForeign([listed('web'), listed('other', { labels: {} })], web, ['web', nextName('web')])).not.toThrow();
    expect(() => refuseForeign([listed('web', { labels: {} })], web, ['web'])).toThrow('was not made by Maestro');
    expect(() => refuseForeign([listed(nextName('web'), { labels: mark({ 'maestro.deploy': 'dpl_bbbbbbbbbbbbbbbb' }) })], web, ['web', nextName('web')])).toThrow(/belongs to web of the deploy dpl_b/);
  });

  it('has a name of its own among the names that links gave it', () => {
    expect(nameOf(['/web/alias', '/web'])).toBe('web');
    expect(nameOf(['/web'])).toBe('web');
    expect([isTransitional(nextName('a')), isTransitional(previousName('a')), isTransitional('a')]).toEqual([true, true, false]);
  });
});

describe('logs', () => {
  it('come out of their frames whole and in order, also when the last frame is cut', () => {
    const part = fc.tuple(fc.constantFrom(1, 2), fc.string({ unit: 'grapheme', maxLength: 40 }));
    fc.assert(fc.property(fc.array(part, { maxLength: 20 }), fc.nat(7), (parts, cut) => {
      const frames = Buffer.concat(parts.map(([stream, text]) => {
        const payload = Buffer.from(text);
        const header = Buffer.alloc(8);
        header[0] = stream;
        header.writeUInt32BE(payload.length, 4);
        return Buffer.concat([header, payload]);
      }));
      const whole = parts.map(([, text]) => text).join('');
      expect(demultiplex(frames)).toBe(whole);
      expect(demultiplex(Buffer.concat([frames, Buffer.alloc(cut)]))).toBe(whole);
    }));
  });
});
