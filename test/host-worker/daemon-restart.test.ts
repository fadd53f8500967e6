/** A Docker daemon that restarts at any moment of an attempt: the attempt waits for it, and makes one container. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { DriverAnswer } from './driver/protocol.js';
import { HostLab } from './host-lab.js';
import { dockerRun, file, httpOn, placement } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

/** As in a document that says nothing: failures while Docker restarts do not count. */
const patient = { ...httpOn(8081, '/health'), start_period_ms: 60_000 };

const web = (version: number, healthcheck = patient): DesiredPlacement => placement({
  component: 'web', version, healthcheck, files: [file('/srv/demo/web/app.conf', String(version), { mode: 0o644 })],
  run: dockerRun({
    image: 'demo/web:1', container_name: 'maestro-web', networks: ['shop'], env: { CONFIG: '/etc/demo/app.conf', VERSION: String(version) },
    ports: [{ ip: '0.0.0.0', host_port: 8081, container_port: 8080, protocol: 'tcp' }], volumes: [{ kind: 'bind', source: '/srv/demo/web', target: '/etc/demo', read_only: true }],
  }),
});

/** systemd refuses a unit that is started too often; a test that does so on purpose says that it knows. */
async function restartDocker(): Promise<void> {
  await lab.succeed(['systemctl', 'reset-failed', 'docker.service', 'docker.socket']);
  await lab.succeed(['systemctl', 'restart', 'docker'], 120_000);
}

async function killDocker(): Promise<void> {
  await lab.succeed(['systemctl', 'reset-failed', 'docker.service', 'docker.socket']);
  await lab.succeed(['systemctl', 'kill', '--kill-who=main', '--signal=SIGKILL', 'docker.service']);
}

/** With what it failed of, if it did. */
const endOf = (answer: DriverAnswer | null): string => (answer?.ended === 'well' ? 'well' : JSON.stringify(answer));

const repeatsMax = 3;

/** As a rollout does it: passing trouble is repeated with the same attempt. */
async function activate(run: string): Promise<string> {
  for (let repeat = 0; ; repeat += 1) {
    const answer = await lab.activate(run);
    if (answer?.ended !== 'failed' || answer.final || repeat === repeatsMax) return endOf(answer);
    await sleep(500);
  }
}

async function activateThroughRestart(version: number, delayMs: number): Promise<void> {
  const run = lab.open(web(version));
  expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
  const activation = activate(run);
  await sleep(delayMs);
  await restartDocker();
  expect(await activation).toBe('well');
  expect((await lab.dockerEvents('create')).filter(({ attempt }) => attempt === `${run}/1`).length).toBeLessThanOrEqual(1);
  expect(await lab.containers()).toEqual(['maestro-web running']);
  expect(await lab.plan(web(version))).toMatchObject([{ action: 'unchanged', observed_state: 'healthy' }]);
}

describe.each([150, 300, 450, 600, 800, 1000])('a Docker daemon that restarts %i ms into an attempt', (delayMs) => {
  it('is waited out, with one container made, by a first deploy and by a replacement', async () => {
    await activateThroughRestart(1, delayMs);
    await activateThroughRestart(2, delayMs);
  }, 180_000);
});

describe('a Docker daemon that goes away while health is waited for', () => {
  it.each([
    ['restarts, which takes the container along', restartDocker], ['is killed, and leaves the new container down', killDocker],
  ])('%s: that is not taken for its death, and it serves in the end', async (_what, strike) => {
    const wanted = web(1, { ...httpOn(9090, '/'), start_period_ms: 120_000 });
    const run = lab.open(wanted);
    expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
    const activation = activate(run);
    while (!(await lab.containers()).includes('maestro-web running')) await sleep(50);
    await sleep(300);
    await strike();
    await lab.succeed(['systemd-run', '--quiet', '--unit=test-green', 'python3', '-m', 'http.server', '9090', '--directory', '/srv/demo']);
    try {
      expect(await activation).toBe('well');
      expect((await lab.dockerEvents('create')).length).toBeLessThanOrEqual(1);
      expect(await lab.containers()).toEqual(['maestro-web running']);
    } finally {
      await lab.succeed(['systemctl', 'stop', 'test-green']);
    }
  }, 180_000);
});

describe('a Docker daemon that is killed after an attempt was committed', () => {
  it('leaves what it brought in down, and the attempt ends with it running', async () => {
    const run = lab.open(web(1));
    expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
    expect(await lab.ask([lab.call('activate', run, 'web')], { fault: 'after:journal.commit' })).toBeNull();
    await killDocker();
    while ((await lab.host.exec(['docker', 'version'])).exitCode !== 0) await sleep(200);
    expect(await lab.containers()).toEqual(['maestro-web exited']);
    expect(await activate(run)).toBe('well');
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect((await lab.dockerEvents('create')).length).toBeLessThanOrEqual(1);
  }, 180_000);
});
