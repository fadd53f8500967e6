/** The install command on real hosts: with nothing but systemd, with a man in the middle, and ended at every step. */
import { describe, expect, it, beforeAll, afterAll } from '@jest/globals';
import { InstallLab } from './install-lab.js';
import { pack } from './pack.js';

let lab: InstallLab;
let firstFolder: string;

beforeAll(async () => {
  lab = await InstallLab.start(['bare', 'h2']);
  const { version, build } = await pack(lab.downloads);
  firstFolder = `${version}-${build}`;
}, 20 * 60_000);

afterAll(async () => {
  await (lab as InstallLab | undefined)?.stop();
}, 120_000);

/** What an ordinary server has, this one loses. */
async function stripBare(host: string): Promise<void> {
  await lab.succeed(host, ['sh', '-c', 'systemctl mask -q --now docker.service docker.socket containerd.service; rm -rf /usr/bin/node /usr/bin/npm /usr/bin/docker* /usr/sbin/dockerd /usr/bin/containerd* /run/docker.sock /usr/bin/python3* /usr/bin/git']);
}

describe('a host with neither Node nor Docker', () => {
  it('is a node of the control plane after one command', async () => {
    await stripBare('bare');
    const started = Date.now();
    const { exitCode, stdout, stderr } = await lab.install('bare');
    console.info(`install: ${String(Date.now() - started)} ms`);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    await lab.api.waitForNodes(['bare']);
    expect(await lab.current('bare')).toBe(firstFolder);
    expect((await lab.command('bare', ['status'])).stdout).toContain(`ready: ${firstFolder}`);
    console.info((await lab.succeed('bare', ['systemd-analyze', 'security', '--no-pager', 'maestro-host'])).split('\n').slice(-3).join(' '));
  }, 240_000);
});
