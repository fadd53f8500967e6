/** A git source and its build as a host gets them: what git or a shell could take for something else is refused at its key. */
import { placementClaims } from '../../spec/claims/placement-claims.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { Component } from '../../spec/document/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { folderBelow, refRefusal, repoRefusal } from '../../spec/resolve/git-names.js';
import { resolvePlacement } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { secretMark } from '../../spec/secrets/marks.js';
import { parsed, small } from './marked.js';

const https = 'type: git, repo: "https://example.com/shop.git"';

interface Parts { source?: string; run?: string; component?: string }
interface Resolved { component: Component; placement: DesiredPlacement; problems: Problem[]; told: string[] }

function resolve({ source = https, run = 'type: systemd, command: /bin/app', component: more = '' }: Parts = {}): Resolved {
  const component = parsed(small({ source, run, component: more })).components['web'];
  if (component === undefined) throw new Error('no component');
  const problems: Problem[] = [];
  const bundle = [{ path: 'a.conf', sha256: 'aa', size: 1, mode: 0o644 }];
  const placement = resolvePlacement({ deployId: 'dpl_1', project: 'shop', version: 3, host: 'h1', componentId: 'web', component, bundle, templates: [], digest: (text) => ({ sha256: sha256Hex(`key ${text}`), size: text.length, keyed: true }) }, (problem) => problems.push(problem));
  return { component, placement, problems, told: problems.map(({ path, message }) => `${path.join('.')}: ${message}`) };
}

describe('a repository', () => {
  test.each([
    'https://github.com/acme/api.git', 'https://git.example.com:8443/a/b', 'https://[::1]/a.git', 'https://example.com/~user/a%20b.git', 'ssh://git@example.com/shop.git', 'ssh://example.com:2222/shop.git',
    'git@github.com:acme/api.git', 'git@example.com:~user/api', 'file:///srv/git/app.git',
  ])('%s is one', (repo) => {
    expect(repoRefusal(repo)).toBeNull();
  });
  test.each([
    ['ext::sh -c "touch /tmp/x"', /space|program/], ['ext::/bin/sh', /program/], ['EXT::x', /program/], ['fd::17', /program/], ['::x', /program/], ['--upload-pack=touch', /option/], ['-u', /option/],
    ['http://example.com/a.git', /unencrypted/], ['HTTP://example.com/a.git', /unencrypted/], ['git://example.com/a.git', /unencrypted/],
    ['https://user:secret@example.com/a', /credentials/], ['https://token@example.com/a', /credentials/], ['ssh://git:secret@example.com/a', /credentials/], ['https://example.com/a.git?private_token=secret', /credentials/], ['http://user:secret@example.com/', /credentials/],
    ['https://exa\nmple.com/a', /control/], ['https://example.com/a\u0000', /control/], ['https://example.com/a b', /space/], ['https://example.com/\u001b[31m', /control/], [`https://example.com/${'a'.repeat(3000)}`, /too long/],
    ['https://-oProxyCommand=x/a', /not the address/], ['ssh://-oProxyCommand=x/a', /not the address/], ['ssh://git@-oProxyCommand=x/a', /not the address/], ['-oProxyCommand=x:a', /option/], ['git@-oProxyCommand=x:a', /not the address/], ['git@example.com:-x', /not the address/],
    ['file://etc/x', /not the address/], ['file:///srv/../etc', /not the address/], ['/srv/git/app.git', /not the address/], ['../app.git', /not the address/], ['example.com:app', /not the address/], ['https://', /not the address/], ['https://example.com', /not the address/], ['', /not the address/], ['javascript:alert(1)', /not the address/],
  ])('%j is none', (repo, message) => {
    const refusal = repoRefusal(repo);
    expect(refusal?.message).toMatch(message);
    expect(refusal?.message).not.toMatch(/secret|token@/);
    expect(refusal?.fix).not.toBe('');
  });
});

describe('a ref', () => {
  test.each(['main', 'v1.10', 'feature/login', 'refs/heads/main', 'HEAD', 'a'.repeat(40), 'release-1.0_x'])('%s is one', (ref) => {
    expect(refRefusal(ref)).toBeNull();
  });
  test.each(['--output=x', '-b', '', '@', 'a..b', 'a b', 'a~1', 'a^{}', 'a:b', 'a?', 'a*', 'a[b', 'a\\b', 'a@{1}', '/a', 'a/', 'a//b', '.a', 'a/.b', 'a.lock', 'a.lock/b', 'a.', 'a\u0000', 'a\n', 'x/--y', 'a'.repeat(300)])('%j is none', (ref) => {
    expect(refRefusal(ref)?.message).toMatch(/option|is not the name/);
  });
});

test.each([['server', 'server'], ['./server/', 'server'], ['a//b/./c', 'a/b/c'], ['.', null], ['./', null]])('the folder %j is %j', (path, normal) => {
  expect(folderBelow(path)).toBe(normal);
});
test.each(['..', '../x', 'a/../b', '/', '/etc', 'a\u0000', ''])('the folder %j may be outside', (path) => {
  expect(folderBelow(path)).toBeUndefined();
});

describe('a source', () => {
  test('has every default', () => {
    expect(resolve().placement).toMatchObject({ component_directory: '/opt/maestro/web', source: { type: 'git', repo: 'https://example.com/shop.git', ref: null, subpath: null, source_hash: expect.stringMatching(/^[0-9a-f]{64}$/), content_version: 3 }, build: [] });
  });
  test('has its steps with their times in milliseconds and their folders normalised', () => {
    const build = '    build: [{ command: npm ci }, { command: npm run build, env: { NODE_ENV: production }, timeout: 2m, working_dir: ./web/ }]\n';
    expect(resolve({ source: `${https}, ref: v1, subpath: ./server`, component: build })).toMatchObject({
      problems: [], placement: {
        source: { ref: 'v1', subpath: 'server' },
        build: [{ command: 'npm ci', env: {}, timeout_ms: 300_000, working_dir: null }, { command: 'npm run build', env: { NODE_ENV: 'production' }, timeout_ms: 120_000, working_dir: 'web' }],
      },
    });
  });
  test('that is built in another way, or of another place, is another one; a new version of the same is not', () => {
    const hashes = [{}, { source: `${https}, ref: main` }, { source: `${https}, subpath: a` }, { source: 'type: git, repo: "https://example.com/other.git"' }, { component: '    build: [{ command: make }]\n' }, { component: '    build: [{ command: make, env: { A: b } }]\n' }]
      .map((parts: Parts) => resolve(parts).placement.source?.source_hash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(resolve().placement.source?.source_hash).toBe(hashes[0]);
  });
  test.each<[string, Parts, string]>([
    ['a repository that is an option', { source: 'type: git, repo: "--upload-pack=x"' }, 'source.repo: '], ['a ref that is an option', { source: `${https}, ref: "--output=x"` }, 'source.ref: '],
    ['a subpath outside', { source: `${https}, subpath: ../x` }, 'source.subpath: '], ['a working_dir outside', { component: '    build: [{ command: a }, { command: b, working_dir: /srv }]\n' }, 'build.1.working_dir: '],
    ['a NUL in a command', { component: '    build: [{ command: "a\\0b" }]\n' }, 'build.0.command: '], ['a NUL in a value', { component: '    build: [{ command: a, env: { A: "\\0" } }]\n' }, 'build.0.env.A: '],
    ['a component directory that is the root', { run: 'type: systemd, command: /bin/a, working_directory: /' }, 'run.working_directory: '], ['a component directory of Maestro', { run: 'type: systemd, command: /bin/a, working_directory: /opt/maestro/.releases/x' }, 'run.working_directory: '],
    ['a container without an image of its own', { run: 'type: docker' }, 'run.image: '], ['a file in the release', { component: '    config: { files: [{ source: a.conf, dest: a.conf }] }\n' }, 'config.files.0.dest: '],
    ['a file in place of the release', { component: '    config: { files: [{ source: a.conf, dest: /opt/maestro/web }] }\n' }, 'config.files.0.dest: '],
  ])('is refused with %s, there', (_, parts, told) => {
    expect(resolve(parts).told).toEqual([expect.stringContaining(told)]);
  });
  test('of a container with an image of its own is fine', () => {
    expect(resolve({ run: 'type: docker, image: x' })).toMatchObject({ problems: [], placement: { source: { type: 'git' } } });
  });
  test('has the variables of a build that hold secrets apart, by their digests', () => {
    const mark = secretMark('0'.repeat(32), 'npm/token');
    const [step] = resolve({ component: `    build: [{ command: npm ci, env: { A: b, TOKEN: "x${mark}" } }]\n` }).placement.build;
    expect(step).toEqual({ command: 'npm ci', env: { A: 'b' }, secret_env: { TOKEN: { digest: sha256Hex(`key x${mark}`) } }, timeout_ms: 300_000, working_dir: null });
  });
  test('that is a docker image is never built', () => {
    expect(resolve({ source: 'type: docker, image: x', run: 'type: docker', component: '    build: [{ command: make }]\n' }).placement).toMatchObject({ source: null, build: [] });
  });
});

describe('the component directory', () => {
  const claims = (parts: Parts): object[] => {
    const { component, placement } = resolve(parts);
    return placementClaims(component, [], placement).claims.filter(({ claim }) => claim.kind === 'folder');
  };
  test('of a git source is claimed as a whole, at the key that names it', () => {
    expect(claims({})).toEqual([{ claim: { kind: 'folder', path: '/opt/maestro/web' }, path: ['source'] }]);
    expect(claims({ run: 'type: systemd, command: /bin/a, working_directory: /opt/app/' })).toEqual([{ claim: { kind: 'folder', path: '/opt/app' }, path: ['run', 'working_directory'] }]);
  });
  test('of any other is not: several may work in one folder', () => {
    expect(claims({ source: 'type: docker, image: x', run: 'type: docker' })).toEqual([]);
  });
});
