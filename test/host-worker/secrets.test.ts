/** Secrets on a real host: in files and in the environments of processes, and nowhere else. */
import { environmentFilePath, renderEnvironmentFile } from '../../spec/systemd-unit.js';
import { HostLab } from './host-lab.js';
import { dockerRun, httpOn, placement, secretEnv, secretFile, secretParts, systemdRun } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const value = 'canary-7d1f "q" $x `y` \\z';
const environ = (name: string): Promise<string> => lab.succeed(['sh', '-c', `tr '\\0' '\\n' </proc/$(${name})/environ`]);
const container = (text: string) => placement({ run: dockerRun({ env: { PLAIN: 'seen' }, secret_env: secretEnv({ TOKEN: text }), ports: [{ ip: '', host_port: 8000, container_port: 8080, protocol: 'tcp' }] }), healthcheck: httpOn(8000), ...secretParts(text) });

/** As the control plane makes it: a file of the unit's own beside what else there is. */
function unit(text: string, run: Parameters<typeof systemdRun>[0] = {}) {
  const name = 'maestro-worker.service';
  const environment = secretFile(environmentFilePath(name), renderEnvironmentFile({ TOKEN: text }).replace(text, text.replace(/["\\`$]/g, '\\$&')), { mode: 0o600, origin: 'environment' });
  return placement({
    component: 'worker', run: systemdRun({ unit_name: name, environment_file: environment.path, env: { PLAIN: 'seen' }, ...run }),
    files: [environment, secretFile('/etc/demo/app.conf', `password = ${text}\n`)], ...secretParts(text),
  });
}

/** Everything that the host worker has told or keeps, but for copies of files that it may have to put back. */
async function told(): Promise<string> {
  const state = await lab.succeed(['sh', '-c', 'find /var/lib/maestro-test -type f -not -path "*/previous/*" -exec cat {} +']);
  return JSON.stringify(lab.control.reports) + state + (await lab.succeed(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])) + (await lab.succeed(['systemctl', 'cat', '--no-pager', '*maestro*']).catch(() => ''));
}

it('reach the environment of a container; the same ones are no change, another one is, without being told', async () => {
  await lab.apply(container(value));
  expect(await environ('docker inspect --format {{.State.Pid}} maestro-web')).toContain(`TOKEN=${value}\n`);
  expect((await lab.plan(container(value)))[0]).toMatchObject({ action: 'unchanged', fields: [] });
  const [plan] = await lab.plan(container('another-canary'));
  expect(plan).toMatchObject({ action: 'update', fields: [{ field: 'env.TOKEN', from: '(set)', to: '(changed)' }] });
  expect(JSON.stringify(plan)).not.toMatch(/canary/);
  await lab.apply(container('another-canary'));
  expect(await environ('docker inspect --format {{.State.Pid}} maestro-web')).toContain('TOKEN=another-canary\n');
  expect(await told()).not.toMatch(/canary/);
});

it('reach the environment of a unit and its files; the unit itself does not have them', async () => {
  await lab.apply(unit(value));
  expect(await environ('systemctl show --value --property=MainPID maestro-worker.service')).toContain(`TOKEN=${value}\n`);
  expect(await lab.host.readFile('/etc/demo/app.conf')).toBe(`password = ${value}\n`);
  expect((await lab.succeed(['stat', '-c', '%a %U', environmentFilePath('maestro-worker.service')])).trim()).toBe('600 root');
  expect(await lab.host.readFile('/etc/systemd/system/maestro-worker.service')).not.toContain('canary');
  expect((await lab.plan(unit(value)))[0]).toMatchObject({ action: 'unchanged', fields: [] });
  expect(await told()).not.toMatch(/canary/);
});

it('that were changed by hand on the host are drift, put right again', async () => {
  await lab.apply(unit(value));
  await lab.host.writeFile('/etc/demo/app.conf', 'password = mine\n');
  const [plan] = await lab.plan(unit(value));
  expect(plan?.files).toMatchObject([{ path: '/etc/demo/app.conf', kind: 'changed' }]);
  await lab.apply(unit(value));
  expect(await lab.host.readFile('/etc/demo/app.conf')).toBe(`password = ${value}\n`);
});

it('are left out of what a failing program says, and of the failure', async () => {
  const broken = unit(value, { command: '/bin/sh -c "echo token is $$TOKEN; printf %s \\"$$TOKEN\\" | base64; exit 7"', restart: 'no' });
  const run = lab.open(broken);
  const answer = await lab.activate(run, 'worker');
  expect(answer).toMatchObject({ ended: 'failed', failure: { output_tail: expect.stringContaining('token is [secret]') } });
  expect(JSON.stringify(answer) + JSON.stringify(lab.control.reports)).not.toMatch(/canary|Y2FuYXJ5/);
});

it('come back with the old version when the new one fails', async () => {
  await lab.apply(unit(value));
  const answer = await lab.activate(lab.open({ ...unit('newer-secret', { command: '/usr/bin/false' }), version: 2 }), 'worker');
  expect({ answer, said: lab.control.reports.map(({ data }) => data) }).toMatchObject({ answer: { ended: 'failed', failure: { put_back: true } } });
  expect(await lab.host.readFile('/etc/demo/app.conf')).toBe(`password = ${value}\n`);
  expect(await environ('systemctl show --value --property=MainPID maestro-worker.service')).toContain(`TOKEN=${value}\n`);
});

it('that a check prints are kept out of what is told while it is watched and when it is asked; a look, which does not know them, tells nothing of it', async () => {
  const wanted = { ...unit(value), healthcheck: { type: 'command' as const, command: 'cat /etc/demo/app.conf; test ! -e /tmp/sick', interval_ms: 200, timeout_ms: 2_000, start_period_ms: 0, retries: 2 } };
  const before = lab.control.reports.length;
  await lab.apply(wanted);
  await lab.succeed(['touch', '/tmp/sick']);
  const run = lab.open(wanted);
  const verified = await lab.ask([lab.call('verify', run, 'worker')]);
  expect(verified).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', message: expect.stringContaining('command exited with 1: password = [secret] (2 in a row)') });
  const asked = await lab.ask([lab.call('operate', run, 'worker')]);
  expect(asked).toMatchObject({ ended: 'well', results: [{ ok: false, detail: 'command exited with 1: password = [secret]' }] });
  const plan = await lab.plan(wanted);
  expect(JSON.stringify(plan)).toContain('command exited with 1');
  await lab.succeed(['rm', '/tmp/sick']);
  expect(JSON.stringify([verified, asked, plan, lab.control.reports.slice(before)])).not.toMatch(/canary/);
});
