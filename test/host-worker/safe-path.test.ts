import fc from 'fast-check';
import { normalize } from 'node:path';
import { isInside, refuseUnsafePath, refuseUnsafeUnitName, unsafeBecause, unsafeTreePath } from '../../host-worker/files/safe-path.js';

const state = '/var/lib/maestro';

describe('a path of a deploy', () => {
  it.each(['/etc/app.conf', '/opt/maestro/web/.env', '/srv/a b/ü', '/processes/x', '/devices/x', '/system', '/var/lib/maestro-other/x', '/etc/..foo/x', '/etc/...', '/a'])('%s is fine', (path) => {
    expect(unsafeBecause(path, state)).toBeNull();
  });

  it.each([
    ['', 'not absolute'], ['etc/app.conf', 'not absolute'], ['./x', 'not absolute'], ['../x', 'not absolute'], ['C:\\x', 'not absolute'], ['~/x', 'not absolute'],
    ['/', 'empty segment'], ['//etc/x', 'empty segment'], ['/etc//x', 'empty segment'], ['/etc/x/', 'empty segment'],
    ['/etc/../root/x', '".."'], ['/..', '".."'], ['/etc/x/..', '".."'], ['/./etc', '".."'], ['/etc/.', '".."'],
    ['/etc/a\0b', 'NUL'], [`/${'x'.repeat(256)}`, 'too long'], [`/${'ü'.repeat(128)}`, 'too long'], [`/${'abc/'.repeat(1500)}x`, 'too long'],
    ['/proc', 'reserved'], ['/proc/sys/kernel/core_pattern', 'reserved'], ['/sys/power/state', 'reserved'], ['/dev/sda', 'reserved'], ['/dev/shm/x', 'reserved'],
    ['/var/lib/maestro', 'reserved'], ['/var/lib/maestro/journal/placements/x.json', 'reserved'],
    ...['/etc/maestro/host-worker.env', '/var/lib/docker/x', '/opt/maestro/.releases/x', '/opt/maestro-host/current/worker.cjs', '/usr/local/bin/maestro-host', '/run/maestro-host/x', '/etc/systemd/system/maestro-host.service', '/etc/systemd/system/maestro-host.service.d/x.conf', '/etc/systemd/system/maestro-host-worker.service', '/etc/systemd/system/maestro-.service.d/x.conf', '/etc/systemd/system/service.d/x.conf', '/usr/lib/systemd/system/maestro-host-upgrade.service', '/etc/systemd/system.control/maestro-host.service.d/x.conf',].map((path) => [path, 'reserved']),
  ])('%j is refused: %s', (path, why) => {
    expect(unsafeBecause(path, state)).toContain(why);
    expect(() => refuseUnsafePath(path, state)).toThrow(/is not a safe path/);
  });

  it('that is accepted means the same to the file system: normalised, absolute, outside of what is reserved', () => {
    const segment = fc.oneof(fc.constantFrom('.', '..', '', 'proc', 'dev', 'etc', 'var', 'lib', 'maestro', '\0'), fc.string({ maxLength: 6 }));
    fc.assert(fc.property(fc.array(segment, { maxLength: 7 }), fc.boolean(), (segments, absolute) => {
      const path = `${absolute ? '/' : ''}${segments.join('/')}`;
      if (unsafeBecause(path, state) !== null) return;
      expect(normalize(path)).toBe(path);
      expect(path.startsWith('/') && !path.includes('\0')).toBe(true);
      for (const folder of ['/proc', '/sys', '/dev', state]) expect(isInside(path, folder)).toBe(false);
    }), { numRuns: 2000 });
  });
});

describe('a path inside a folder of the bundle', () => {
  it.each(['index.html', 'dev/proc/sys', 'a/b/c', '.hidden', '...'])('%s is fine', (path) => expect(unsafeTreePath(path)).toBeNull());
  it.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', 'a/', './a', 'a\0b'])('%j is refused', (path) => expect(unsafeTreePath(path)).not.toBeNull());
});

describe('a unit name', () => {
  it.each(['web.service', 'maestro-web.service', 'app@1.service', 'a_b.c:d.service', 'x\\x2d.service'])('%s is fine', (name) => expect(() => refuseUnsafeUnitName(name)).not.toThrow());
  it.each(['', 'web', 'web.timer', '../web.service', '-web.service', '--force.service', 'a/b.service', 'a b.service', 'a\n.service', '.service', '.web.service', `${'x'.repeat(260)}.service`])('%j is refused', (name) => {
    expect(() => refuseUnsafeUnitName(name)).toThrow(/is not a unit name/);
  });
});
