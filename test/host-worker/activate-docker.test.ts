/** Containers on a real host: created, left alone, replaced, put back, and never taken from somebody else. */
import { HostLab } from './host-lab.js';
import { dockerRun, file, httpOn, placement, quick } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const web = (image: string, over: Parameters<typeof dockerRun>[0] = {}, parts: Parameters<typeof placement>[0] = {}) => placement({
  run: dockerRun({ image, ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 8080, protocol: 'tcp' }], ...over }),
  healthcheck: httpOn(8080), ...parts,
});

const failed = (answer: unknown) => expect(answer).toMatchObject({ ended: 'failed' });

describe('a first apply', () => {
  it('pulls, creates, starts, waits for health, and tells its phases and output', async () => {
    const run = await lab.apply(web('demo/web:1', { env: { NAME: 'shop' } }));
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1 name=shop');
    expect(await lab.containers()).toEqual(['maestro-web running']);
    const labels = (await lab.inspect('maestro-web'))?.Config.Labels;
    expect(labels).toMatchObject({ 'maestro.deploy': 'dpl_aaaaaaaaaaaaaaaa', 'maestro.component': 'web', 'maestro.version': '1' });
    expect(lab.control.phases(run)).toEqual(['fetch', 'start', 'health', 'cleanup']);
    expect(lab.control.lines(run).join('\n')).toMatch(/pulling demo\/web:1[\s\S]*creating container maestro-web/);
  });

  it('is a no-op afterwards: nothing to plan, nothing done', async () => {
    const wanted = web('demo/web:1', {
      env: { NAME: 'shop', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }, networks: ['shop-front', 'shop-back'],
      volumes: [{ kind: 'volume', source: 'shop-data', target: '/data', read_only: false }, { kind: 'bind', source: '/srv/demo', target: '/srv', read_only: true }],
      resources: { memory_bytes: 64 * 1024 * 1024, cpus: 0.5 }, command: ['/server'], restart: 'on-failure',
    }, { files: [file('/srv/demo/app.conf', 'one')] });
    await lab.apply(wanted);
    for (const kind of [['network', 'shop-front'], ['network', 'shop-back'], ['volume', 'shop-data']]) {
      expect(await lab.succeed(['docker', ...kind.slice(0, 1), 'inspect', '--format', '{{index .Labels "maestro.deploy"}}', ...kind.slice(1)])).toBe('dpl_aaaaaaaaaaaaaaaa\n');
    }
    const before = await lab.dockerEvents('start');
    const [plan] = await lab.plan(wanted);
    expect(plan).toMatchObject({ action: 'unchanged', operations: [], fields: [], observed_state: 'healthy' });
    expect(await lab.dockerEvents('start')).toEqual(before);
  });

  it('keeps one that fails, stopped, so that its logs can be read; the next attempt goes on from there', async () => {
    const broken = web('demo/broken:1');
    const run = lab.open(broken);
    const answer = await lab.activate(run);
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', final: true, failure: { code: 'runtime_error', put_back: false, output_tail: expect.stringContaining('no such luck') } });
    expect(await lab.containers()).toEqual(['maestro-web exited']);
    await lab.apply(web('demo/web:1'));
    expect(await lab.containers()).toEqual(['maestro-web running']);
  });
});

describe('a replacement', () => {
  it('brings the new one up and takes the old one away', async () => {
    await lab.apply(web('demo/web:1'));
    const old = await lab.inspect('maestro-web');
    const run = await lab.apply(web('demo/web:2', {}, { version: 2 }));
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=2');
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect((await lab.inspect('maestro-web'))?.Id).not.toBe(old?.Id);
    expect(lab.control.phases(run)).toEqual(['fetch', 'start', 'stop_old', 'switch', 'health', 'cleanup']);
    expect(await lab.journal('dpl_aaaaaaaaaaaaaaaa', 'web')).toMatchObject({ applied: { version: 2 }, attempt: { state: 'ended' } });
  });

  it('that dies puts the old one back, says so, and shows its last words', async () => {
    await lab.apply(web('demo/web:1'));
    const old = await lab.inspect('maestro-web');
    const started = Date.now();
    const answer = await lab.activate(lab.open(web('demo/broken:1', {}, { version: 2, healthcheck: { ...httpOn(8080), start_period_ms: 60_000 } })));
    // The container died at once; nobody waits a minute for it.
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true, phase: 'health', message: expect.stringMatching(/exited with code 1/), output_tail: expect.stringContaining('no such luck') } });
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect((await lab.inspect('maestro-web'))?.Id).toBe(old?.Id);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
    const [plan] = await lab.plan(web('demo/web:1'));
    expect(plan).toMatchObject({ action: 'unchanged', operations: [] });
  });

  it('that stays red puts the old one back, with what was seen how often', async () => {
    await lab.apply(web('demo/web:1'));
    const sick = web('demo/sick:1', {}, { version: 2, healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 300 } });
    const answer = await lab.activate(lab.open(sick));
    expect(answer).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', failure: { put_back: true, message: 'healthcheck of container maestro-web: http 503 (3 of 3)' } });
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
  });

  it('that is put back gets its old files back, too', async () => {
    const withConfig = (image: string, text: string, version: number) => web(image, { volumes: [{ kind: 'bind', source: '/srv/demo', target: '/etc/demo', read_only: true }], env: { CONFIG: '/etc/demo/app.conf' } },
      { version, files: [file('/srv/demo/app.conf', text)] });
    await lab.apply(withConfig('demo/web:1', 'old config', 1));
    failed(await lab.activate(lab.open(withConfig('demo/broken:1', 'new config', 2))));
    expect(await lab.host.readFile('/srv/demo/app.conf')).toBe('old config');
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('old config');
    expect((await lab.succeed(['ls', '-A', '/srv/demo'])).trim()).toBe('app.conf');
  });

  it('under another name leaves the old one until the new one is healthy, then takes it away', async () => {
    await lab.apply(web('demo/web:1'));
    await lab.apply(web('demo/web:1', { container_name: 'shop-web' }, { version: 2 }));
    expect(await lab.containers()).toEqual(['shop-web running']);
  });

  it('that cannot get its port keeps the old one and names the port', async () => {
    await lab.apply(web('demo/web:1'));
    await lab.succeed(['docker', 'run', '-d', '--name', 'squatter', '-p', '9090:8080', 'demo/web:1']);
    const answer = await lab.activate(lab.open(web('demo/web:1', { ports: [{ ip: '0.0.0.0', host_port: 9090, container_port: 8080, protocol: 'tcp' }] }, { version: 2 })));
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true, phase: 'switch', message: expect.stringContaining('9090') } });
    expect(await lab.containers()).toEqual(['maestro-web running', 'squatter running']);
  });
});

describe('a change of configuration', () => {
  const configured = (text: string, version: number) => web('demo/web:1', { volumes: [{ kind: 'bind', source: '/srv/demo/app.conf', target: '/etc/app.conf', read_only: true }] },
    { version, files: [file('/srv/demo/app.conf', text, { mode: 0o644 })], healthcheck: httpOn(8080, '/health') });

  it('restarts the container and does not replace it', async () => {
    await lab.apply(configured('first', 1));
    const old = await lab.inspect('maestro-web');
    await lab.apply(configured('second', 2));
    const now = await lab.inspect('maestro-web');
    expect(now?.Id).toBe(old?.Id);
    expect(now?.State.StartedAt).not.toBe(old?.State.StartedAt);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('second');
  });
});

describe('what belongs to somebody else', () => {
  it('is a conflict and stays untouched, whoever made it', async () => {
    await lab.succeed(['docker', 'pull', '-q', 'demo/web:1']);
    await lab.succeed(['docker', 'run', '-d', '--name', 'maestro-web', 'demo/web:1']);
    const before = await lab.inspect('maestro-web');
    const answer = await lab.activate(lab.open(web('demo/web:2')));
    expect(answer).toMatchObject({ ended: 'failed', type: 'conflict', final: true });
    expect((await lab.plan(web('demo/web:2')))[0]).toMatchObject({ action: 'conflict', operations: [] });
    const after = await lab.inspect('maestro-web');
    expect({ id: after?.Id, started: after?.State.StartedAt, name: after?.Name }).toEqual({ id: before?.Id, started: before?.State.StartedAt, name: before?.Name });
    expect(await lab.containers()).toEqual(['maestro-web running']);
  });

  it('is used where it may be shared: networks and volumes that were there', async () => {
    await lab.succeed(['sh', '-c', 'docker network create shop && docker volume create shop-data']);
    await lab.apply(web('demo/web:1', { networks: ['shop'], volumes: [{ kind: 'volume', source: 'shop-data', target: '/data', read_only: false }] }));
    expect(await lab.succeed(['sh', '-c', 'docker network inspect --format "{{.Labels}}" shop; docker volume inspect --format "{{.Labels}}" shop-data'])).toBe('map[]\nmap[]\n');
  });

  it('is a conflict when another deploy has the name', async () => {
    await lab.apply(web('demo/web:1'));
    const answer = await lab.activate(lab.open(web('demo/web:2', {}, { deploy_id: 'dpl_bbbbbbbbbbbbbbbb' })));
    expect(answer).toMatchObject({ ended: 'failed', type: 'conflict', message: expect.stringContaining('dpl_aaaaaaaaaaaaaaaa') });
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
  });

  it('is a conflict when it sits on a name that a replacement needs', async () => {
    await lab.apply(web('demo/web:1'));
    await lab.succeed(['docker', 'create', '--name', 'maestro-web.maestro-previous', 'demo/web:1']);
    const answer = await lab.activate(lab.open(web('demo/web:2', {}, { version: 2 })));
    expect(answer).toMatchObject({ ended: 'failed', type: 'conflict' });
    expect(await lab.containers()).toEqual(['maestro-web running', 'maestro-web.maestro-previous created']);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
  });
});

describe('drift', () => {
  it('of a container that was stopped or changed by hand is named and mended', async () => {
    const wanted = web('demo/web:1');
    await lab.apply(wanted);
    await lab.succeed(['docker', 'update', '--restart', 'no', '--memory', '128m', '--memory-swap', '256m', 'maestro-web']);
    await lab.succeed(['docker', 'stop', '-t', '1', 'maestro-web']);
    const [plan] = await lab.plan(wanted);
    expect(plan?.fields.map(({ field, kind }) => `${field} ${kind}`).sort()).toEqual(['resources changed', 'restart changed']);
    await lab.apply(wanted);
    expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'unchanged', observed_state: 'healthy' });
  });

  it('of a container that was removed is told as missing', async () => {
    const wanted = web('demo/web:1');
    await lab.apply(wanted);
    await lab.succeed(['docker', 'rm', '-f', 'maestro-web']);
    expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'create', fields: [{ field: 'container', kind: 'missing' }] });
  });

  it('of an image without a shell shows as red where a command is asked for, and says so', async () => {
    const wanted = web('demo/web:1', {}, { healthcheck: { ...quick, type: 'command', command: 'exit 0', retries: 1, start_period_ms: 0 } });
    const answer = await lab.activate(lab.open(wanted));
    expect(answer).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', message: expect.stringMatching(/command exited with 12[67]/) });
  });
});

describe('cancelling', () => {
  it('puts the old one back when the new one is not healthy yet', async () => {
    await lab.apply(web('demo/web:1'));
    const sick = web('demo/sick:1', {}, { version: 2, healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 60_000 } });
    const run = lab.open(sick);
    await lab.ask([lab.call('prepare', run, 'web')]);
    expect(await lab.activate(run, 'web', { cancelAfterMs: 3_000 })).toMatchObject({ ended: 'cancelled' });
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
  });

  it('because the worker goes down leaves the attempt to be gone on with', async () => {
    await lab.apply(web('demo/web:1'));
    const slow = web('demo/sick:1', { env: { SICK: 'yes' } }, { version: 2, healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 60_000 } });
    const run = lab.open(slow);
    await lab.ask([lab.call('prepare', run, 'web')]);
    expect(await lab.activate(run, 'web', { cancelAfterMs: 3_000, leave: true })).toMatchObject({ ended: 'failed', final: false });
    expect(await lab.journal('dpl_aaaaaaaaaaaaaaaa', 'web')).toMatchObject({ attempt: { state: 'forward' } });
    expect(await lab.containers()).toEqual(['maestro-web running', 'maestro-web.maestro-previous exited']);
  });
});

describe('fetching', () => {
  it('of an image that does not exist fails for good, with the name in it', async () => {
    const answer = await lab.ask([lab.call('prepare', lab.open(web('demo/nothing:9')), 'web')]);
    expect(answer).toMatchObject({ ended: 'failed', type: 'fetch_failed', final: true, message: expect.stringContaining('demo/nothing:9'), failure: { phase: 'fetch' } });
  });

  it('is not done when the policy is never', async () => {
    await lab.host.exec(['docker', 'rmi', '-f', 'demo/web:2']);
    const answer = await lab.ask([lab.call('prepare', lab.open(web('demo/web:2', { pull_policy: 'never' })), 'web')]);
    expect(answer).toMatchObject({ ended: 'failed', type: 'fetch_failed', message: expect.stringContaining('pull_policy is never') });
  });
});
