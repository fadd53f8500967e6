/**
 * Repositories that are made to do more than to be read (reliability.md T-G1). What needs a whole host is in
 * test/host-worker/git-source.test.ts: links, submodules, hooks, filters, settings, options as names. Here is what git itself
 * would not commit, and what is too much.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOut } from '../../host-worker/source/check-out.js';
import { git } from '../../host-worker/source/git.js';
import { resolveRef } from '../../host-worker/source/refs.js';
import { MaestroError } from '../../spec/errors.js';

let folder: string;
let app: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maestro-hostile-git-'));
  app = join(folder, 'app');
  run('init', '-q', '--bare', '-b', 'main', app);
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const person = { GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't@t', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
function run(...argv: string[]): string {
  return execFileSync('git', argv, { env: { ...process.env, ...person }, stdio: ['ignore', 'pipe', 'pipe'] }).toString().trim();
}
const into = (input: string | Buffer, ...argv: string[]): string => execFileSync('git', ['--git-dir', app, ...argv], { input, env: { ...process.env, ...person }, stdio: ['pipe', 'pipe', 'pipe'] }).toString().trim();

const blob = (content: string | Buffer): string => into(content, 'hash-object', '-w', '--stdin');
interface Entry { mode: string; name: string; id: string }
/** Byte by byte: what `git mktree` would refuse is made as well. */
const tree = (...entries: Entry[]): string => into(Buffer.concat(entries.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])), 'hash-object', '-w', '-t', 'tree', '--literally', '--stdin');
function commit(root: string, ref = 'refs/heads/main'): string {
  const id = into('change\n', 'commit-tree', root);
  run('--git-dir', app, 'update-ref', ref, id);
  return id;
}

const context = { signal: new AbortController().signal, timeoutMs: 20_000, tries: 1, tell: () => undefined };
const source = (over: { repo?: string; ref?: string | null } = {}) => ({ type: 'git' as const, repo: `file://${app}`, ref: 'main', subpath: null, source_hash: 'x', content_version: 1, ...over });

async function checkedOut(id: string, limits?: { entries: number; bytes: number }): Promise<unknown> {
  const draft = mkdtempSync(join(folder, 'draft-'));
  const end = await checkOut(source(), id, draft, context, limits).then(() => 'done', (error: unknown) => error);
  for (const name of readdirSync(draft, { recursive: true }).map(String)) expect(name.startsWith('source') || name.startsWith('repository')).toBe(true);
  return end;
}
const canary = (): string => join(folder, 'canary');
const expectNothing = (): void => {
  expect(readdirSync(folder).filter((name) => name.includes('canary'))).toEqual([]);
  expect(existsSync('/tmp/maestro-git-canary')).toBe(false);
};

const evil = `#!/bin/sh\ntouch /tmp/maestro-git-canary\n`;
const file = (name: string, content = evil, mode = '100755'): Entry => ({ mode, name, id: blob(content) });
const folderOf = (name: string, ...entries: Entry[]): Entry => ({ mode: '40000', name, id: tree(...entries) });

const trees: [name: string, entries: () => Entry[]][] = [
  ['hooks in a .git', () => [folderOf('.git', folderOf('hooks', file('post-checkout')))]], ['settings in a .git', () => [folderOf('.git', file('config', '[core]\n fsmonitor = touch /tmp/maestro-git-canary\n'))]], ['a .git in other letters', () => [folderOf('.GIT', folderOf('hooks', file('post-checkout')))]], ['a .git as DOS has it', () => [folderOf('git~1', folderOf('hooks', file('post-checkout')))]],
  ['a .git with a mark that is not seen', () => [folderOf('.g\u200cit', folderOf('hooks', file('post-checkout')))]], ['a .git as a file that leads elsewhere', () => [file('.git', `gitdir: ${app}\n`, '100644')]], ['a folder that climbs', () => [folderOf('..', file('canary'))]], ['a folder that is itself', () => [folderOf('.', file('canary'))]], ['a file called ..', () => [file('..')]],
  ['a name that climbs', () => [file('../canary')]], ['an absolute name', () => [file('/tmp/maestro-git-canary')]], ['a name with a folder in it', () => [file('a/../../canary')]], ['a name that is empty', () => [file('')]],
  ['a link, and a folder of the same name', () => [{ mode: '120000', name: 'a', id: blob('..') }, folderOf('a', file('canary'))]], ['a folder, and a link of the same name', () => [folderOf('a', file('canary')), { mode: '120000', name: 'a', id: blob(folder) }]], ['the same file twice', () => [file('a'), file('a', 'other')]],
  ['a link out of it, and a file behind that', () => [{ mode: '120000', name: 'a', id: blob(`${folder}/`) }, { mode: '120000', name: 'b', id: blob('a/canary') }]], ['a setuid file', () => [file('a', evil, '104755')]], ['a device', () => [file('a', evil, '020666')]],
  ['attributes that ask for programs', () => [file('.gitattributes', '* filter=evil diff=evil merge=evil textconv=evil working-tree-encoding=UTF-16 ident export-subst\n*.bin filter=lfs diff=lfs merge=lfs -text\n', '100644'), file('x.bin', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n', '100644')]],
  ['modules that are programs', () => [file('.gitmodules', '[submodule "x"]\n path = x\n url = -u./evil\n update = !touch /tmp/maestro-git-canary\n[submodule "../../y"]\n path = y\n url = ext::touch /tmp/maestro-git-canary\n', '100644'), { mode: '160000', name: 'x', id: '1'.repeat(40) }]], ['a .gitmodules that is a link', () => [{ mode: '120000', name: '.gitmodules', id: blob('/etc/passwd') }]], ['mailmap, and a rebase that is under way', () => [file('.mailmap'), folderOf('rebase-merge', file('exec'))]],
];

test.each(trees)('%s: nothing is made outside, and nothing is run', async (_, entries) => {
  const end = await checkedOut(commit(tree(...entries())));
  if (end !== 'done') expect(end).toMatchObject({ code: 'fetch_failed', fix: expect.stringMatching(/\S/) });
  expectNothing();
  expect(existsSync(canary())).toBe(false);
});

test.each(['--upload-pack=touch x', '-x', 'a..b', 'x;touch y', '$(touch x)', 'refs/heads/x', 'HEAD'].map((name) => [name]))('a default branch that is called %j is no argument', async (name) => {
  commit(tree(file('a')));
  writeFileSync(join(app, 'HEAD'), `ref: refs/heads/${name}\n`);
  const end = await resolveRef(source({ ref: null }), context).catch((error: unknown) => error);
  if (typeof end !== 'string') expect(end).toBeInstanceOf(MaestroError);
  expectNothing();
});

test('a server that sends elsewhere is not followed to a file, a program or another protocol, and asks nobody', async () => {
  const asked: string[] = [];
  for (const location of ['file:///etc', 'ext::sh -c touch% /tmp/maestro-git-canary', 'http://127.0.0.1:1/x', 'ssh://-oProxyCommand=touch/x', '--upload-pack=touch']) {
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const repo = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/app.git`;
    // In clear only here: what may be fetched by is decided by the address, which a document cannot have like this.
    await expect(git({ repo }, 'asking', '/', ['-c', 'protocol.http.allow=always', 'ls-remote', '--', repo], context)).rejects.toBeInstanceOf(MaestroError);
    await new Promise((resolve) => server.close(resolve));
  }
  expectNothing();
});

test('a repository of another user is not read, with whatever it has in its settings', async () => {
  commit(tree(file('a')));
  writeFileSync(join(app, 'config'), '[core]\n repositoryformatversion = 0\n bare = true\n fsmonitor = touch /tmp/maestro-git-canary\n[uploadpack]\n packObjectsHook = touch /tmp/maestro-git-canary\n');
  execFileSync('chown', ['-R', '65534:65534', app]);
  await expect(resolveRef(source(), context)).rejects.toMatchObject({ code: 'fetch_failed', fix: expect.stringContaining('chown -R root') });
  expectNothing();
});

describe('what is too much is ended, and does not fill the disk:', () => {
  const bytes = 3_000_000;
  const told = { code: 'fetch_failed', message: expect.stringContaining('is too large'), fix: expect.stringContaining('artifact') };
  test('a large file', async () => {
    expect(await checkedOut(commit(tree(file('large', randomBytes(5_000_000).toString('latin1')))), { entries: 100, bytes })).toMatchObject(told);
  });
  test('a small pack of very large files', async () => {
    const id = blob(Buffer.alloc(2_000_000));
    expect(await checkedOut(commit(tree(...['a', 'b', 'c'].map((name) => ({ mode: '100644', name, id })))), { entries: 100, bytes })).toMatchObject(told);
  });
  test('folders of folders that are always the same', async () => {
    let inner = tree(...Array.from({ length: 10 }, (_, index) => file(String(index), 'x')));
    for (let depth = 0; depth < 4; depth += 1) inner = tree(...Array.from({ length: 10 }, (_, index) => ({ mode: '40000', name: String(index), id: inner })));
    expect(await checkedOut(commit(inner), { entries: 1_000, bytes })).toMatchObject(told);
  });
  test('and what is not is there', async () => {
    expect(await checkedOut(commit(tree(file('a'), folderOf('b', file('c')))), { entries: 2, bytes })).toBe('done');
    const [draft = ''] = readdirSync(folder).filter((name) => name.startsWith('draft-'));
    expect(readFileSync(join(folder, draft, 'source/b/c'), 'utf8')).toBe(evil);
  });
});
