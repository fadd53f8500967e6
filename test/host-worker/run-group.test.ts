/** Programs that are run with all that they start: what they say comes in order, and nothing of them is left. */
import { spawnSync } from 'node:child_process';
import { type GroupEnd, type GroupOptions, runInGroup } from '../../host-worker/run-group.js';

interface Seen { end: GroupEnd; lines: string[]; tookMs: number }

async function run(script: string, over: Partial<GroupOptions> = {}): Promise<Seen> {
  const lines: string[] = [];
  const started = performance.now();
  const end = await runInGroup('/bin/sh', ['-c', script], {
    cwd: '/', env: { PATH: '/usr/bin:/bin' }, timeoutMs: 10_000, signal: new AbortController().signal, onLine: (stream, line) => { lines.push(`${stream}: ${line}`); }, ...over,
  });
  return { end, lines, tookMs: performance.now() - started };
}
const running = (argv: string): boolean => spawnSync('pgrep', ['-f', `^${argv}$`]).status === 0;

it.each<[string, GroupEnd]>([['exit 0', { ended: 'exited', exit_code: 0 }], ['exit 7', { ended: 'exited', exit_code: 7 }], ['kill -TERM $$', { ended: 'killed', by: 'SIGTERM' }]])('%s is told as such', async (script, end) => {
  expect((await run(script)).end).toEqual(end);
});

it('lines come whole, whatever ends them, the last one too', async () => {
  const { lines } = await run("printf 'a\\nb\\r\\n10%%\\r100%%\\n'; printf 'caf\\303'; sleep 0.1; printf '\\251'");
  expect(lines).toEqual(['a', 'b', '10%', '100%', 'café'].map((line) => `stdout: ${line}`));
});

it('of a line without an end no more than fits is told', async () => {
  const { lines } = await run('head -c 300000 /dev/zero | tr "\\0" x; echo; echo next');
  expect(lines.map((line) => line.length)).toEqual(['stdout: '.length + 65_536, 'stdout: next'.length]);
});

it('it has the environment that it is given, and no stdin', async () => {
  expect((await run('env | sort; cat', { env: { ONLY: 'this' } })).lines).toEqual(['stdout: ONLY=this', expect.stringMatching(/^stdout: PWD=/)]);
});

it('what it has started ends with it, with its time and with the signal', async () => {
  const ended = await run('sleep 8101 & exit 0');
  expect([ended.end, ended.tookMs < 5_000, running('sleep 8101')]).toEqual([{ ended: 'exited', exit_code: 0 }, true, false]);
  const late = await run('sleep 8102 & sleep 8103', { timeoutMs: 300 });
  expect([late.end, running('sleep 8102'), running('sleep 8103')]).toEqual([{ ended: 'timeout' }, false, false]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('not wanted any more')), 300);
  await expect(run('sleep 8104 & sleep 8105', { signal: controller.signal })).rejects.toThrow('not wanted any more');
  expect([running('sleep 8104'), running('sleep 8105')]).toEqual([false, false]);
});

it('one that left the group and holds its output does not hold us', async () => {
  const { end, tookMs } = await run('setsid sleep 3 & echo done');
  expect([end, tookMs < 2_500]).toEqual([{ ended: 'exited', exit_code: 0 }, true]);
});

it('a program that is not there is an error, and so is a signal that was given before', async () => {
  const options = { cwd: '/', env: {}, timeoutMs: 1_000, signal: new AbortController().signal, onLine: () => undefined };
  await expect(runInGroup('/no/such/program', [], options)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(run('true', { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
});
