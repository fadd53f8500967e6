/** A mount is judged by where it leads. */
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DockerRun } from '../../spec/desired.js';
import type { Permission } from '../../spec/host-policy/permissions.js';
import { linkRefusal } from '../../host-worker/docker/bind-sources.js';

let folder: string;

beforeEach(async () => { folder = await realpath(await mkdtemp(join(tmpdir(), 'maestro-binds-'))); });
afterEach(() => rm(folder, { recursive: true, force: true }));

const refusal = (source: string, allowed: Permission[] = [], directory = '/opt/maestro/web'): Promise<string | null> =>
  linkRefusal({ component_directory: directory, allowed }, { volumes: [{ kind: 'bind', source, target: '/x', read_only: false }] } as unknown as DockerRun);

it('a folder, one that is not there yet, and a link to a folder beside it may be mounted', async () => {
  await mkdir(join(folder, 'data'));
  await symlink('data', join(folder, 'link'));
  for (const name of ['data', 'none', 'none/deeper', 'link', 'link/deeper']) expect(await refusal(join(folder, name))).toBeNull();
});

it.each<[string, string, Permission]>([['/', '', 'host_mounts'], ['/etc', '', 'host_mounts'], ['/proc', '', 'host_mounts'], ['/', 'etc', 'host_mounts'], ['/dev', '', 'host_devices'], ['/', 'not-there-yet/..', 'host_mounts']])('a link to %s is as much as that (%s)', async (target, below, needs) => {
  await symlink(target, join(folder, 'link'));
  const source = join(folder, 'link', below);
  expect(await refusal(source)).toContain(needs);
  expect(await refusal(source, [needs])).toBeNull();
});

it('a link to what is Maestro\'s own is refused whatever is allowed', async () => {
  await symlink('/var/lib/maestro', join(folder, 'link'));
  expect(await refusal(join(folder, 'link'), ['host_mounts', 'docker_socket', 'host_devices'])).toContain('Maestro\'s own');
});

it('the release of the component itself may be mounted, and what leads out of it is judged', async () => {
  await mkdir(join(folder, 'releases/one/static'), { recursive: true });
  await symlink('releases/one', join(folder, 'web'));
  await symlink('/etc', join(folder, 'releases/one/out'));
  expect(await refusal(join(folder, 'web/static'), [], join(folder, 'web'))).toBeNull();
  expect(await refusal(join(folder, 'web/out'), [], join(folder, 'web'))).toContain('host_mounts');
});

it('a circle of links is an error and no mount', async () => {
  await symlink('b', join(folder, 'a'));
  await symlink('a', join(folder, 'b'));
  await expect(refusal(join(folder, 'a'))).rejects.toThrow('ELOOP');
});
