/** A commit on disk, by the real git: what may lead out of it, and what git is told of its surroundings. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, type Stats, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { checkOut } from '../../host-worker/source/check-out.js';
import { buildEnvironment } from '../../host-worker/source/environment.js';
import { gitEnvironment } from '../../host-worker/source/git.js';
import { resolveRef } from '../../host-worker/source/refs.js';
import { leadsOutside, treeEntries } from '../../host-worker/source/tree-entries.js';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'check-out-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const context = { signal: new AbortController().signal, timeoutMs: 20_000, tell: () => undefined };
const source = (over: { ref?: string | null; subpath?: string | null } = {}) => ({ type: 'git' as const, repo: `file://${folder}/app`, ref: 'main', subpath: null, source_hash: 'x', content_version: 1, ...over });

function commit(script: string): string {
  const person = { GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't@t', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const whole = `[ -e app ] || git init -q -b main app; cd app; ${script}; git add -A; git commit -qm change; git rev-parse HEAD`;
  return execFileSync('sh', ['-ec', whole], { cwd: folder, env: { ...process.env, ...person } }).toString().trim();
}
/** As git does it: folders are folders, and nothing is written through a link or over something. */
function link(root: string, path: readonly string[], target: string): void {
  const parents = path.slice(0, -1).map((_, index) => join(root, ...path.slice(0, index + 1)));
  const found = (at: string): Stats | undefined => lstatSync(at, { throwIfNoEntry: false });
  if (parents.some((parent) => found(parent)?.isDirectory() === false) || found(join(root, ...path)) !== undefined) return;
  for (const parent of parents) mkdirSync(parent, { recursive: true });
  symlinkSync(target, join(root, ...path));
}

async function files(over: Parameters<typeof source>[0], id: string): Promise<string> {
  return checkOut(source(over), id, mkdtempSync(join(folder, 'draft-')), context);
}

describe('a symbolic link', () => {
  test.each([['a', 'b'], ['a/b', '../c'], ['a/b/c', '../../d/e'], ['a/b', './c'], ['a/b', '..'], ['a', '.'], ['a', 'b/c']])('%s → %s stays in the tree', (path, target) => {
    expect(leadsOutside(path, target)).toBe(false);
  });
  test.each([['a', '/etc/passwd'], ['a', '..'], ['a', '../b'], ['a/b', '../../c'], ['a/b', 'c/../../../d'], ['a/b', 'c/../d'], ['a', '//x'], ['a/b/c', '../../../x']])('%s → %s may lead out of it', (path, target) => {
    expect(leadsOutside(path, target)).toBe(true);
  });
  test('that is let through leads nowhere else than into the tree, whatever other links there are', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const links = fc.array(fc.record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), target: fc.array(fc.constantFrom('a', 'b', 'c', '..', '.'), { minLength: 1, maxLength: 4 }) }), { maxLength: 6 });
    fc.assert(fc.property(links, (wanted) => {
      const root = mkdtempSync(join(folder, 'tree-'));
      for (const { path, target } of wanted) {
        if (leadsOutside(path.join('/'), target.join('/'))) continue;
        link(root, path, target.join('/'));
      }
      for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
        const place = (() => { try { return realpathSync(join(entry.parentPath, entry.name)); } catch { return root; } })();
        expect(`${place}/`.startsWith(`${realpathSync(root)}/`)).toBe(true);
      }
    }), { numRuns: 200 });
  });
});

test('a listing of git is told apart by its modes, whatever is in a name', () => {
  const entry = (mode: string, path: string, size = '12'): string => `${mode} blob ${'1'.repeat(40)} ${size.padStart(7)}\t${path}\0`;
  expect(treeEntries(entry('100644', 'a') + entry('120000', 'li\nnk\tx') + entry('160000', 'sub', '-') + entry('100755', 'run 9\t9', '4294967297'))).toEqual({ links: ['li\nnk\tx'], submodules: ['sub'], files: 4, bytes: 4294967321 });
  expect(treeEntries('')).toEqual({ links: [], submodules: [], files: 0, bytes: 0 });
});

describe('a commit', () => {
  test('is checked out without its history, byte by byte, with names of any kind', async () => {
    const id = commit("printf 'a\\r\\nb' > crlf.txt; printf x > 'new\nline'; printf y > -option; mkdir deep; ln -s ../crlf.txt deep/link; printf '#!/bin/sh' > run; chmod +x run");
    const place = await files({}, id);
    expect(readdirSync(place).sort()).toEqual(['-option', 'crlf.txt', 'deep', 'new\nline', 'run']);
    expect(readFileSync(join(place, 'deep/link'), 'utf8')).toBe('a\r\nb');
    expect(readdirSync(join(place, '..'))).toEqual(['source']);
  });
  test('is of a branch before a tag, of a tag that has a message, of the default branch, or named by its id', async () => {
    const first = commit('echo 1 > a');
    execFileSync('git', ['-C', join(folder, 'app'), '-c', 'user.name=t', '-c', 'user.email=t@t', 'tag', '-a', '-m', 'x', 'v1']);
    const second = commit('echo 2 > a');
    expect(await Promise.all(['v1', 'main', null, 'HEAD', 'refs/tags/v1', first].map((ref) => resolveRef(source({ ref }), context)))).toEqual([first, second, second, second, first, first]);
    expect(readFileSync(join(await files({}, first), 'a'), 'utf8')).toBe('1\n');
  });
  test('that nobody has is an error that names it', async () => {
    commit('echo 1 > a');
    await expect(files({}, 'e'.repeat(40))).rejects.toMatchObject({ code: 'fetch_failed', message: expect.stringContaining('e'.repeat(40)) });
  });
  test('with more names than fit into one piece of output is read whole', async () => {
    const id = commit('mkdir many; for i in $(seq 3000); do : > many/a-rather-long-name-for-a-file-$i; done; ln -s many/a-rather-long-name-for-a-file-1 link');
    expect(readdirSync(join(await files({}, id), 'many'))).toHaveLength(3000);
  });
});

test('git and a build see nothing of the worker, but the way to the network', () => {
  const worker = { MAESTRO_HOST_TOKEN: 'secret', HOME: '/root', GIT_DIR: '/x', GIT_SSH: '/evil', LD_PRELOAD: '/evil', https_proxy: 'http://proxy:3128', NODE_ENV: 'test' as const };
  const git = gitEnvironment('https://example.com/a.git', worker);
  expect(git).toMatchObject({ GIT_ALLOW_PROTOCOL: 'https', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', https_proxy: 'http://proxy:3128' });
  const build = buildEnvironment({ env: { A: '1', PATH: '/own' }, secret_env: { TOKEN: { digest: 'd', content: 'told' } } }, { home: '/h', user: 'maestro-build', commit: 'c' }, worker);
  expect(build).toEqual({ A: '1', TOKEN: 'told', PATH: '/own', HOME: '/h', TMPDIR: '/h/tmp', USER: 'maestro-build', LOGNAME: 'maestro-build', SHELL: '/bin/sh', LANG: 'C.UTF-8', MAESTRO_COMMIT: 'c', https_proxy: 'http://proxy:3128' });
  for (const environment of [git, build]) expect(JSON.stringify(environment)).not.toMatch(/secret|evil|\/root|GIT_DIR/);
});

test.each([['git@example.com:a.git', 'ssh'], ['ssh://example.com/a', 'ssh'], ['file:///srv/a', 'file'], ['https://example.com/a', 'https']])('%s is fetched by %s and nothing else', (repo, protocol) => {
  expect(gitEnvironment(repo, { NODE_ENV: 'test' })['GIT_ALLOW_PROTOCOL']).toBe(protocol);
});
