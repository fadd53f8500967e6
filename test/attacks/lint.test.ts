/** The lint refuses every way to a shell string, to evaluated text and to a pattern made of a variable, and its exceptions are few and named. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Code, and where it would stand; refused there. */
const bad: [code: string, at: string][] = [
  ...[
    "import { exec } from 'node:child_process'; exec('ls');", "import { execSync } from 'node:child_process'; execSync('ls');", "import { exec as run } from 'node:child_process'; run('ls');", "import { exec } from 'child_process'; exec('ls');", "import { spawn } from 'child_process'; spawn('ls', []);",
    "import * as all from 'node:child_process'; all.spawn('ls', []);", "import all from 'node:child_process'; all.spawn('ls', []);", "import { spawn as run } from 'node:child_process'; run('ls', []);", "import { execFile as run } from 'node:child_process'; run('ls', []);",
    "const { exec } = await import('node:child_process'); exec('ls');", "const all = await import('child_process'); all.spawn('ls', []);", "const all = require('node:child_process'); all.spawn('ls', []);", "export { spawn } from 'node:child_process';", "export * from 'node:child_process';",
    "import { spawn } from 'node:child_process'; spawn('ls', [], { shell: true });", "import { spawn } from 'node:child_process'; spawn('ls', [], { shell: '/bin/bash' });", "import { spawn } from 'node:child_process'; spawn('ls', [], { shell: process.platform === 'linux' });", "import { execFile } from 'node:child_process'; execFile('ls', [], { 'shell': true });",
    "import { spawn } from 'node:child_process'; const shell = true; spawn('ls', [], { shell });", "import { spawnSync } from 'node:child_process'; spawnSync('ls', [], { shell: true });", "import { execFileSync } from 'node:child_process'; execFileSync('ls -l', []);",
    "import { spawn } from 'node:child_process'; spawn('ls -l /tmp');", "import { spawn } from 'node:child_process'; spawn('ls -l', []);", "import { spawn } from 'node:child_process'; const name = 'x'; spawn(`ls ${name}`, []);", "import { spawn } from 'node:child_process'; const name = 'x'; spawn('ls ' + name, []);", "import { spawn } from 'node:child_process'; const command = 'ls'; spawn(command, { stdio: 'ignore' });",
    "import { execFile } from 'node:child_process'; const command = 'ls'; execFile(command);", "const name = 'x'; runProgram(`ls ${name}`, [], {});", "const name = 'x'; runInGroup('sh -c ' + name, [], {});", "eval('1');", "new Function('return 1')();", "setTimeout('1', 1);",
  ].flatMap((code): [string, string][] => [[code, 'host-worker/x.ts'], [code, 'control/x.ts'], [code, 'test/x.ts'], [code, 'scripts/x.mjs']]),
  ...['const name = "x"; new RegExp(name);', 'const name = "x"; RegExp(name);', 'const name = "x"; new RegExp(`^${name}$`);', 'const name = "x"; new RegExp("^" + name);'].flatMap((code): [string, string][] => ['spec/x.ts', 'control/x.ts', 'api/routes/x.ts', 'web/src/x.tsx', 'host-worker/files/x.ts'].map((at) => [code, at])),
  ...["import { spawn } from 'node:child_process'; spawn('/bin/sh', ['-c', 'ls']);", "import { execFile } from 'node:child_process'; execFile('bash', ['-c', 'ls']);", "const words = ['sh', '-c', 'ls'];", "const program = '/usr/bin/bash';", "const command = 'sh -c ls';", "const command = '/bin/sh -c ls';"].flatMap((code): [string, string][] => ['host-worker/x.ts', 'control/x.ts', 'gateway/x.ts', 'scripts/x.ts'].map((at) => [code, at])),
];

const fine: [code: string, at: string][] = [
  ["import { execFile, spawn } from 'node:child_process'; execFile('ls', ['-l']); spawn('ls', ['-l'], { stdio: 'ignore' });", 'host-worker/x.ts'], ["/x/.exec('x'); new RegExp('x'); const options = { shell: false };", 'control/x.ts'],
  ['const name = "x"; new RegExp(name);', 'test/x.ts'], ["const words = ['sh', '-c', 'ls'];", 'test/x.ts'], ["const words = ['/bin/sh', '-c', 'ls'];", 'host-worker/source/build.ts'], ['const name = "x"; new RegExp(name);', 'spec/resolve/git-names.ts'],
];

type Finding = [rule: string, severity: number, message: string];

async function lint(snippets: readonly [string, string][]): Promise<Finding[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-lint-'));
  try {
    await writeFile(join(folder, 'snippets.json'), JSON.stringify(snippets));
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('lint-snippets.mjs', import.meta.url)), join(folder, 'snippets.json')], { maxBuffer: 16 * 1024 * 1024, timeout: 100_000 });
    return JSON.parse(stdout) as Finding[][];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('what runs a shell, evaluates a text or makes a pattern of a variable is refused, wherever it stands', async () => {
  const found = await lint(bad);
  expect(bad.filter((_, index) => !(found[index] ?? []).some(([rule, severity]) => severity === 2 && rule !== 'broken'))).toEqual([]);
  expect(found.flat().filter(([rule]) => rule === 'broken')).toEqual([]);
});

test('what gives a program its arguments as a list is not, nor are the reviewed exceptions', async () => {
  expect((await lint(fine)).map((findings) => findings.map(([, , message]) => message))).toEqual(fine.map(() => []));
});
