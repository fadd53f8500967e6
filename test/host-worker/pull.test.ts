import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import { ensureImage } from '../../host-worker/docker/pull.js';
import { PassingTrouble } from '../../host-worker/trouble.js';
import { DockerStandIn } from './docker-stand-in.js';

let folder: string;
let engine: DockerStandIn;
let docker: Dockerode;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pull-'));
  engine = await DockerStandIn.start(join(folder, 'docker.sock'));
  engine.images.set('demo/web:1', { id: 'sha256:web1', behaviour: 'serves' });
  docker = new Dockerode({ socketPath: engine.socketPath });
  lines = [];
});
afterEach(async () => {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
});

const ensure = (image: string, pull_policy: 'always' | 'never' | 'if_not_present' = 'if_not_present', signal = new AbortController().signal) =>
  ensureImage(docker, { image, pull_policy }, { signal, tell: (line) => lines.push(line) });

const layers = [
  { status: 'Pulling from demo/web', id: '2' }, { status: 'Pulling fs layer', id: 'a1', progressDetail: {} }, { status: 'Waiting', id: 'a1' },
  { status: 'Downloading', id: 'a1', progressDetail: { current: 10, total: 100 } }, { status: 'Downloading', id: 'a1', progressDetail: { current: 90, total: 100 } },
  { status: 'Verifying Checksum', id: 'a1' }, { status: 'Pull complete', id: 'a1', progressDetail: {} }, { status: 'Status: Downloaded newer image for demo/web:2' },
];

describe('the policy', () => {
  it('if_not_present pulls what is missing and nothing else', async () => {
    await ensure('demo/web:1');
    expect(engine.pulled).toEqual([]);
    engine.pulls = [{ events: layers, makes: 'demo/web:2' }];
    await ensure('demo/web:2');
    expect(engine.pulled).toEqual(['demo/web:2']);
  });

  it('always pulls what is there, too', async () => {
    engine.pulls = [{ events: [{ status: 'Status: Image is up to date for demo/web:1' }] }];
    await ensure('demo/web:1', 'always');
    expect(engine.pulled).toEqual(['demo/web:1']);
  });

  it('never pulls nothing: what is missing is an error', async () => {
    await ensure('demo/web:1', 'never');
    await expect(ensure('demo/web:2', 'never')).rejects.toMatchObject({ code: 'fetch_failed', fix: expect.stringContaining('if_not_present') });
    expect(engine.pulled).toEqual([]);
  });

  it.each([
    ['nginx', 'nginx:latest'], ['nginx:1.27-alpine', 'nginx:1.27-alpine'], ['localhost:5000/a/b', 'localhost:5000/a/b:latest'], ['ghcr.io/acme/api:v1.5', 'ghcr.io/acme/api:v1.5'],
    [`acme/api@sha256:${'a'.repeat(64)}`, `acme/api@sha256:${'a'.repeat(64)}`],
  ])('asks for %s by its whole name', async (image, asked) => {
    engine.pulls = [{ events: [], makes: image }];
    await ensure(image);
    expect(engine.pulled).toEqual([asked]);
  });
});

describe('a pull', () => {
  it('tells what happens to each layer, without the counting', async () => {
    engine.pulls = [{ events: layers, makes: 'demo/web:2' }];
    await ensure('demo/web:2');
    expect(lines).toEqual(['pulling demo/web:2', '2: Pulling from demo/web', 'a1: Pulling fs layer', 'a1: Pull complete', 'Status: Downloaded newer image for demo/web:2']);
  });

  it.each([
    ['an answer of 404', { status: 404, events: [{ message: 'manifest for demo/web:2 not found: manifest unknown' }] }, /manifest unknown/],
    ['an error among the events', { events: [{ status: 'Pulling' }, { error: 'manifest unknown: no such tag', errorDetail: { message: 'x' } }] }, /no such tag/],
    ['a refusal', { status: 500, events: [{ message: 'pull access denied for demo/web' }] }, /access denied/],
  ])('that can not succeed (%s) is not repeated, and the error names image and cause', async (_, answer, cause) => {
    engine.pulls = [answer];
    await expect(ensure('demo/web:2')).rejects.toMatchObject({ code: 'fetch_failed', message: expect.stringMatching(cause), details: { image: 'demo/web:2' } });
    expect(engine.pulled).toHaveLength(1);
  });

  it('that fails on the way is repeated, and says so', async () => {
    engine.pulls = [{ events: [{ error: 'connection reset by peer' }] }, { status: 500, events: [{ message: 'net/http: TLS handshake timeout' }] }, { events: [], makes: 'demo/web:2' }];
    await ensure('demo/web:2');
    expect(engine.pulled).toHaveLength(3);
    expect(lines.filter((line) => line.includes('trying again'))).toEqual(['pulling demo/web:2 failed (connection reset by peer), trying again', 'pulling demo/web:2 failed (net/http: TLS handshake timeout), trying again']);
  });

  it('is repeated a bounded number of times', async () => {
    engine.pulls = Array.from({ length: 9 }, () => ({ events: [{ error: 'connection reset by peer' }] }));
    await expect(ensure('demo/web:2')).rejects.toMatchObject({ code: 'fetch_failed', message: expect.stringContaining('connection reset by peer') });
    expect(engine.pulled).toHaveLength(3);
  });

  it('ends when it is cancelled, and lets go of the connection', async () => {
    engine.pulls = [{ events: layers.slice(0, 3), neverEnds: true }];
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('cancelled')), 150);
    const started = performance.now();
    await expect(ensure('demo/web:2', 'if_not_present', stop.signal)).rejects.toThrow('cancelled');
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(engine.pulled).toHaveLength(1);
  });

  it('without a daemon is passing trouble', async () => {
    docker = new Dockerode({ socketPath: join(folder, 'nobody.sock') });
    await expect(ensure('demo/web:2')).rejects.toThrow(PassingTrouble);
  });
});
