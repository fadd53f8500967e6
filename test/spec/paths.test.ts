/** Where a deploy may write on a host, and what it may read from its bundle. */
import fc from 'fast-check';
import { bundlePath, normalisePath, resolveDest } from '../../spec/resolve/paths.js';
import { resolvePlacement, type BundleEntry } from '../../spec/resolve/placement.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { parsed, plainDigest, small } from './marked.js';

describe('a dest', () => {
  test.each([
    ['/etc/app.conf', '/etc/app.conf'], ['/etc//app/./a.conf', '/etc/app/a.conf'], ['app.conf', '/opt/maestro/web/app.conf'], ['./conf/a', '/opt/maestro/web/conf/a'],
    ['/process/x', '/process/x'], ['/device', '/device'], ['/var/lib/maestros', '/var/lib/maestros'], ['/opt/maestro/web/x', '/opt/maestro/web/x'], ['/etc/..a', '/etc/..a'], ['/etc/systemd/system/shop.service.d/x.conf', '/etc/systemd/system/shop.service.d/x.conf'], ['/opt/maestro-hosts/x', '/opt/maestro-hosts/x'],
  ])('%s is %s', (dest, path) => {
    expect(resolveDest(dest, '/opt/maestro/web')).toBe(path);
  });
  test.each([
    '..', '../x', '/etc/../root/x', 'a/../../x', '/', '//', '/etc/', '/proc/sys/kernel/x', '/proc', '/sys/x', '/dev/sda', '/dev', '//dev/sda', '/./proc/x', '/var/lib/maestro/journal', '/var/lib/maestro', '/etc/maestro/host-worker.env',
    '/opt/maestro-host/current/worker.cjs', '/usr/local/bin/maestro-host', '/run/maestro-host/x', '/etc/systemd/system/maestro-host.service', '/etc/systemd/system/maestro-host.service.d/x.conf', '/etc/systemd/system/maestro-host-worker.service', '/etc/systemd/system/maestro-.service.d/x.conf', '/etc/systemd/system/service.d/x.conf', '/usr/lib/systemd/system/maestro-host-upgrade.service', '/etc/systemd/system.control/maestro-host.service.d/x.conf',
    '/opt/maestro-worker/worker.cjs', '/var/lib/docker/x', '/run/systemd/x', '/var/run/systemd/x', '/etc/a\0b', '/etc/a\nb', `/etc/${'x'.repeat(256)}`, '',
  ])('%j is refused', (dest) => {
    expect(resolveDest(dest, '/opt/maestro/web')).toBeNull();
  });
  test('under a component directory that is not absolute is refused', () => {
    expect(resolveDest('a.conf', 'opt/app')).toBeNull();
  });
  test('is never a forbidden or climbing path, whatever is written', () => {
    const part = fc.constantFrom('..', '.', '', 'etc', 'proc', 'sys', 'dev', 'var', 'lib', 'maestro', 'a');
    fc.assert(fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, absolute) => {
      const path = resolveDest((absolute ? '/' : '') + parts.join('/'), '/opt/maestro/web');
      if (path === null) return;
      expect(path).toMatch(/^\/[^/]/);
      expect(path.split('/')).not.toContain('..');
      expect(path).not.toMatch(/^\/(proc|sys|dev|var\/lib\/maestro)(\/|$)/);
      expect(normalisePath(path)).toBe(path);
    }), { numRuns: 500 });
  });
});

test.each([['a/b.j2', 'a/b.j2'], ['./a', 'a'], ['a//b', 'a/b'], ['../a', null], ['a/../../b', null], ['/etc/passwd', null], ['.', null], ['', null], ['a\0b', null]])('the bundle path %j is %j (X-19)', (path, expected) => {
  expect(bundlePath(path)).toBe(expected);
});

describe('files and folders of the bundle', () => {
  const entry = (path: string, mode = 0o644): BundleEntry => ({ path, sha256: 'a'.repeat(64), size: 3, mode });
  const bundle = [entry('site/index.html'), entry('site/js/app.js', 0o755), entry('app.conf'), entry('lib/maestro/journal'), entry('lib/other')];
  const resolve = (file: string): { placement: DesiredPlacement; told: string[] } => {
    const component = parsed(small({ component: `    config: { files: [{ ${file} }] }\n` })).components['web'];
    if (component === undefined) throw new Error('no component');
    const told: string[] = [];
    return { placement: resolvePlacement({ deployId: 'd', project: 'p', version: 1, host: 'h', componentId: 'web', component, bundle, templates: [], digest: plainDigest }, ({ path, message }) => told.push(`${path.join('.')}: ${message}`)), told };
  };

  test('a file is written atomically, with its mode and owner', () => {
    expect(resolve('source: app.conf, dest: /etc/app.conf, mode: 0600, owner: deploy').placement.files).toEqual([
      { path: '/etc/app.conf', sha256: 'a'.repeat(64), size: 3, mode: 0o600, owner: 'deploy', group: null, strategy: 'atomic', origin: 'file' },
    ]);
  });
  test.each(['/srv/site', '/srv/site/'])('a folder is flipped as a whole by default, and may be named %s', (dest) => {
    expect(resolve(`source: site, dest: ${dest}`)).toMatchObject({ told: [], placement: { trees: [{ dest: '/srv/site', strategy: 'atomic_symlink', files: [{ path: 'index.html', mode: 0o644 }, { path: 'js/app.js', mode: 0o755 }] }] } });
  });
  test.each([
    ['source: nope, dest: /a', 'config.files.0.source: the bundle has no file or folder "nope"'], ['source: ../site, dest: /a', 'config.files.0.source: the bundle has no file or folder "../site"'], ['source: /etc/passwd, dest: /a', 'config.files.0.source: the bundle has no file or folder "/etc/passwd"'],
    ['source: app.conf, dest: /a, strategy: atomic_symlink', 'config.files.0.strategy: atomic_symlink is for folders'], ['source: app.conf, dest: /etc/', 'config.files.0.dest: "/etc/" is not a place a deploy may write to'], ['source: site, dest: /', 'config.files.0.dest: "/" is not a place a deploy may write to'],
    ['source: lib, dest: /var/lib, strategy: overwrite', 'config.files.0.dest: "/var/lib/maestro/journal" is not a place a deploy may write to'],
  ])('{ %s } is refused', (file, message) => {
    expect(resolve(file).told).toEqual([message]);
  });
});
