/** What a document may ask of a host, and what a container may be created with. */
import fc from 'fast-check';
import { bodyRefusal } from '../../spec/host-policy/check-body.js';
import { demandsOf } from '../../spec/host-policy/demands.js';
import { type Permission, permissions, refusedDemands } from '../../spec/host-policy/permissions.js';
import { destNeeds, mountNeeds, unitNeeds } from '../../spec/host-policy/places.js';
import type { DesiredPlacement } from '../../spec/desired.js';

const nothing: readonly Permission[] = [];
const everything = permissions;

type Needs = Permission | 'never' | null;

describe('mounts', () => {
  const table: [string, Needs][] = [
    ['/', 'host_mounts'], ['/etc', 'host_mounts'], ['/etc/acme', null], ['/etc/demo/page.txt', null], ['/etc/shadow', 'host_mounts'], ['/etc/ssh', 'host_mounts'], ['/etc/sudoers.d', 'host_mounts'], ['/etc/cron.d/x', 'host_mounts'],
    ['/etc/systemd/system', 'host_mounts'], ['/proc', 'host_mounts'], ['/proc/1/root', 'host_mounts'], ['/sys', 'host_mounts'], ['/sys/fs/cgroup', 'host_mounts'], ['/boot', 'host_mounts'], ['/root', 'host_mounts'], ['/root/data', 'host_mounts'],
    ['/home', 'host_mounts'], ['/home/deploy', null], ['/home/deploy/.ssh', 'host_mounts'], ['/home/deploy/.ssh/authorized_keys', 'host_mounts'], ['/usr', 'host_mounts'], ['/usr/bin', 'host_mounts'], ['/usr/share/nginx', null], ['/var', 'host_mounts'],
    ['/var/lib', 'host_mounts'], ['/var/lib/docker', 'host_mounts'], ['/var/lib/docker/volumes/x', 'host_mounts'], ['/var/lib/postgresql', null], ['/var/log', null], ['/srv', null], ['/srv/data', null], ['/opt', 'host_mounts'], ['/opt/app', null], ['/data', null], ['/tmp/x', null],
    ['/var/run/docker.sock', 'docker_socket'], ['/run/docker.sock', 'docker_socket'], ['/run', 'docker_socket'], ['/var/run', 'docker_socket'], ['/run/containerd/containerd.sock', 'docker_socket'], ['/run/systemd/private', 'host_mounts'],
    ['/dev', 'host_devices'], ['/dev/sda', 'host_devices'], ['/dev/shm', 'host_devices'], ['/var/lib/maestro', 'never'], ['/var/lib/maestro/identity', 'never'], ['/etc/maestro', 'never'], ['/opt/maestro-host/current', 'never'], ['/run/maestro-host', 'never'], ['/var/run/maestro-host', 'never'],
    ['/opt/maestro/web', null], ['/opt/maestro/.releases/x', 'never'], ['/var/lib/maestrox', null], ['/etc/sudoersx', null],
  ];
  test.each(table)('%s needs %s', (source, needs) => expect(mountNeeds(source)).toBe(needs));
});

describe('files', () => {
  const table: [string, Needs][] = [
    ['/etc/acme/api.env', null], ['/opt/app/x', null], ['/srv/x', null], ['/usr/local/bin/tool', null], ['/etc/nginx/nginx.conf', null], ['/home/deploy/app/x', null],
    ['/etc/sudoers', 'system_files'], ['/etc/sudoers.d/x', 'system_files'], ['/root/.ssh/authorized_keys', 'system_files'], ['/home/deploy/.ssh/authorized_keys', 'system_files'], ['/root/.bashrc', 'system_files'], ['/etc/cron.d/x', 'system_files'],
    ['/etc/systemd/system/x.service', 'system_files'], ['/lib/systemd/system/x.service', 'system_files'], ['/etc/passwd', 'system_files'], ['/etc/pam.d/sshd', 'system_files'], ['/etc/ld.so.preload', 'system_files'], ['/usr/bin/ls', 'system_files'],
    ['/etc/profile.d/x.sh', 'system_files'], ['/etc/docker/daemon.json', 'system_files'], ['/run/docker.sock', 'system_files'], ['/boot/grub/grub.cfg', 'system_files'],
    ['/var/lib/maestro/journal/x', 'never'], ['/etc/maestro/host-worker.env', 'never'], ['/opt/maestro-host/current', 'never'], ['/etc/systemd/system/maestro-host.service', 'never'], ['/etc/systemd/system/maestro-host.service.d/x.conf', 'never'], ['/usr/local/bin/maestro-host', 'never'], ['/proc/sys/x', 'never'], ['/dev/sda', 'never'], ['/var/lib/docker/x', 'never'],
  ];
  test.each(table)('%s needs %s', (dest, needs) => expect(destNeeds(dest)).toBe(needs));
});

describe('units', () => {
  test.each<[string, Needs]>([
    ['acme-api.service', null], ['maestro-web.service', null], ['sshd-exporter.service', null], ['my-docker.service', null], ['ssh.service', 'system_units'], ['sshd.service', 'system_units'], ['docker.service', 'system_units'], ['systemd-journald.service', 'system_units'],
    ['getty@tty1.service', 'system_units'], ['cron.service', 'system_units'], ['maestro-host.service', 'never'], ['maestro-host-upgrade.service', 'never'], ['maestro-host-worker.service', 'never'],
  ])('%s needs %s', (name, needs) => expect(unitNeeds(name)).toBe(needs));
});

describe('the body of a container', () => {
  const bodies: [string, Record<string, unknown>, Needs][] = [
    ['a plain one', { PortBindings: {}, Binds: ['/srv/x:/x'], RestartPolicy: { Name: 'always' }, Memory: 0, NanoCpus: 0 }, null],
    ['a named volume', { Binds: ['data:/x'] }, null], ['a network of its own', { NetworkMode: 'shop' }, null], ['no network', { NetworkMode: 'none' }, null], ['a bind to read only', { Binds: ['/etc/acme:/x:ro'] }, null],
    ['the network of the host', { NetworkMode: 'host' }, 'host_network'], ['the network of another container', { NetworkMode: 'container:db' }, 'host_network'], ['a network namespace by path', { NetworkMode: 'ns:/proc/1/ns/net' }, 'host_network'],
    ['the socket', { Binds: ['/var/run/docker.sock:/var/run/docker.sock'] }, 'docker_socket'], ['the socket to read only', { Binds: ['/run/docker.sock:/s:ro'] }, 'docker_socket'], ['the folder of the socket', { Binds: ['/run:/host/run'] }, 'docker_socket'],
    ['the whole host', { Binds: ['/:/host'] }, 'host_mounts'], ['the whole host to read only', { Binds: ['/:/host:ro'] }, 'host_mounts'], ['/etc', { Binds: ['/etc:/x'] }, 'host_mounts'], ['/proc', { Binds: ['/proc:/host/proc:ro'] }, 'host_mounts'], ['a disk', { Binds: ['/dev/sda:/x'] }, 'host_devices'],
    ['the second of two binds', { Binds: ['/srv:/a', '/root:/b'] }, 'host_mounts'], ['the state of the agent', { Binds: ['/var/lib/maestro:/x'] }, 'never'], ['the agent itself to read only', { Binds: ['/opt/maestro-host:/x:ro'] }, 'never'],
    ['a path that climbs', { Binds: ['/srv/../etc:/x'] }, 'never'], ['a mount that is shared', { Binds: ['/srv:/x:rshared'] }, 'never'], ['something with a fourth part', { Binds: ['/srv:/x:ro:/etc'] }, 'never'], ['a bind that is no text', { Binds: [{ Source: '/' }] }, 'never'], ['binds that are no list', { Binds: '/:/x' }, 'never'],
    ...([['privileged', { Privileged: true }], ['the processes of the host', { PidMode: 'host' }], ['the shared memory of the host', { IpcMode: 'host' }], ['the host name of the host', { UTSMode: 'host' }], ['no user namespace', { UsernsMode: 'host' }], ['a capability', { CapAdd: ['SYS_ADMIN'] }],
      ['devices', { Devices: [{ PathOnHost: '/dev/mem' }] }], ['rules for devices', { DeviceCgroupRules: ['a *:* rwm'] }], ['GPUs', { DeviceRequests: [{}] }], ['security options', { SecurityOpt: ['seccomp=unconfined'] }], ['mounts of the other kind', { Mounts: [{ Type: 'bind', Source: '/', Target: '/x' }] }],
      ['volumes of another', { VolumesFrom: ['db'] }], ['a cgroup parent', { CgroupParent: '/' }], ['sysctls', { Sysctls: { 'kernel.core_pattern': '|/x' } }], ['a runtime', { Runtime: 'x' }], ['unmasked paths', { MaskedPaths: [] }], ['writable paths of the kernel', { ReadonlyPaths: [] }], ['a volume driver', { VolumeDriver: 'local' }], ['the OOM killer off', { OomKillDisable: true }],
    ] as [string, Record<string, unknown>][]).map(([what, hostConfig]): [string, Record<string, unknown>, Needs] => [what, hostConfig, 'never']),
  ];
  it.each(bodies)('%s', (_what, HostConfig, needs) => {
    expect(bodyRefusal({ HostConfig }, nothing) === null).toBe(needs === null);
    // All others allowed: it is that one which counts.
    expect(bodyRefusal({ HostConfig }, everything.filter((one) => one !== needs)) === null).toBe(needs === null);
    expect(bodyRefusal({ HostConfig }, everything) === null).toBe(needs !== 'never');
  });

  test('no HostConfig is no demand', () => expect(bodyRefusal({}, nothing)).toBeNull());
});

describe('properties', () => {
  const parts = fc.array(fc.constantFrom('etc', 'var', 'lib', 'run', 'root', 'srv', '.ssh', 'docker', 'docker.sock', 'maestro', 'opt', 'x', 'passwd', 'sudoers.d', 'usr', 'bin', 'dev', 'proc'), { maxLength: 5 });
  const rank = (needs: Needs): number => (needs === null ? 0 : needs === 'never' ? 2 : 1);

  it('nothing inside of what is refused is taken', () => {
    fc.assert(fc.property(parts, parts, (above, below) => {
      const [folder, deeper] = [`/${above.join('/')}`, `/${[...above, ...below].join('/')}`];
      if (destNeeds(folder) !== null) expect(destNeeds(deeper)).not.toBeNull();
      if (mountNeeds(folder) === 'never') expect(mountNeeds(deeper)).toBe('never');
    }));
  });

  it('a mount of a folder gives no less than a file in it would need', () => {
    fc.assert(fc.property(parts, parts, (above, below) => {
      const [folder, deeper] = [`/${above.join('/')}`, `/${[...above, ...below].join('/')}`];
      // Ssh keys are where somebody has a home: a folder that holds one is told by the folder itself.
      if (below.includes('.ssh')) return;
      if (destNeeds(deeper) !== null) expect(rank(mountNeeds(folder))).toBeGreaterThan(0);
    }));
  });

  it('more permissions never refuse more', () => {
    fc.assert(fc.property(fc.subarray([...permissions]), fc.constantFrom(...permissions), parts, (some, one, above) => {
      const HostConfig = { Binds: [`/${above.join('/')}:/x`], NetworkMode: 'host' };
      if (bodyRefusal({ HostConfig }, some) === null) expect(bodyRefusal({ HostConfig }, [...some, one])).toBeNull();
    }));
  });
});

describe('a placement', () => {
  const docker = (over: Partial<Extract<DesiredPlacement['run'], { type: 'docker' }>>): DesiredPlacement['run'] => ({
    type: 'docker', image: 'x', pull_policy: 'never', container_name: 'x', ports: [], volumes: [], env: {}, networks: [], restart: 'no', command: null, resources: { memory_bytes: null, cpus: null }, ...over,
  });
  const base = { files: [], trees: [], source: null, component_directory: '/opt/maestro/x' };
  const file = (path: string, mode = 0o644) => ({ path, sha256: '', size: 0, mode, owner: null, group: null, strategy: 'atomic' as const, origin: 'file' as const });

  it('asks for each thing at its place', () => {
    const demands = demandsOf({
      ...base, files: [file('/etc/sudoers.d/x'), file('/opt/x', 0o4755)],
      run: docker({ networks: ['host'], volumes: [{ kind: 'bind', source: '/run/docker.sock', target: '/s', read_only: true }, { kind: 'volume', source: 'etc', target: '/d', read_only: false }] }),
    });
    expect(demands.map(({ needs, at }) => [needs, at])).toEqual([
      ['host_network', { kind: 'network', name: 'host' }], ['docker_socket', { kind: 'volume', source: '/run/docker.sock' }], ['system_files', { kind: 'dest', path: '/etc/sudoers.d/x' }], ['setuid_files', { kind: 'dest', path: '/opt/x' }],
    ]);
    expect(refusedDemands(demands, ['host_network', 'system_files']).map(({ needs }) => needs)).toEqual(['docker_socket', 'setuid_files']);
    expect(refusedDemands(demands, everything)).toEqual([]);
  });

  it('that writes to what is the agent\'s own is refused whatever is allowed', () => {
    const demands = demandsOf({ ...base, files: [file('/etc/systemd/system/maestro-host.service')], run: docker({}) });
    expect(refusedDemands(demands, everything)).toHaveLength(1);
  });

  it('is asked about the folder that becomes a link, too', () => {
    const source = { type: 'git' as const, repo: 'x', ref: null, subpath: null, source_hash: '', content_version: 1 };
    expect(demandsOf({ ...base, source, component_directory: '/etc/sudoers.d/x', run: docker({}) }).map(({ needs }) => needs)).toEqual(['system_files']);
  });

  it.each<[string, Needs]>([['file:///srv/git/a.git', null], ['file:///root/a.git', 'host_mounts'], ['file://localhost/etc/ssh', 'host_mounts'], ['file:///var/lib/maestro/x', 'never'], ['https://example.com/root/a.git', null]])('is asked about what it reads from the host: %s', (repo, needs) => {
    const source = { type: 'git' as const, repo, ref: null, subpath: null, source_hash: '', content_version: 1 };
    expect(demandsOf({ ...base, source, run: docker({}) }).map((demand) => demand.needs)).toEqual(needs === null ? [] : [needs]);
  });

  it('is asked about an archive of the host', () => {
    const source = { type: 'archive' as const, at: { kind: 'host' as const, path: '/root/backup.tar.gz' }, subpath: null, source_hash: '', content_version: 1 };
    expect(demandsOf({ ...base, source, run: docker({}) }).map(({ needs, at }) => [needs, at.kind])).toEqual([['host_mounts', 'source']]);
  });
});
