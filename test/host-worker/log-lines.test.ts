/** Lines of components, from the bytes that are written to what is told of them. */
import fc from 'fast-check';
import { dockerLines, journalLine, type LogLine, rawLineMax } from '../../host-worker/logs/lines.js';
import { cleaned, tailLogs, type TailDeps } from '../../host-worker/logs/tail-logs.js';
import { redactor } from '../../host-worker/control-plane/redact.js';

const frame = (stream: 1 | 2, text: string): Buffer => {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};
async function read(bytes: Buffer, cuts: readonly number[], tty = false): Promise<LogLine[]> {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const [index, end] of [...at, bytes.length].entries()) yield bytes.subarray(index === 0 ? 0 : at[index - 1], end);
  }
  const lines: LogLine[] = [];
  for await (const line of dockerLines(chunks(), tty)) lines.push(line);
  return lines;
}

test('frames of both streams become lines with their time, wherever they are cut', async () => {
  const bytes = Buffer.concat([frame(1, '2026-11-26T07:00:00.123456789Z one\n'), frame(2, '2026-11-26T07:00:01Z bad ü\n'), frame(1, '2026-11-26T07:00:02Z two\n')]);
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(1_000), { maxLength: 20 }), async (cuts) => {
    expect(await read(bytes, cuts)).toEqual([
      { stream: 'stdout', ts: '2026-11-26T07:00:00.123Z', text: 'one' }, { stream: 'stderr', ts: '2026-11-26T07:00:01.000Z', text: 'bad ü' }, { stream: 'stdout', ts: '2026-11-26T07:00:02.000Z', text: 'two' },
    ]);
  }), { numRuns: 60 });
});

test('a long line that Docker stamps piece by piece is one line, and no longer than it may be', async () => {
  const bytes = Buffer.concat([frame(1, '2026-11-26T07:00:00Z sec'), frame(1, '2026-11-26T07:00:01Z ret\n')]);
  expect(await read(bytes, [])).toEqual([{ stream: 'stdout', ts: '2026-11-26T07:00:00.000Z', text: 'secret' }]);
  const [line] = await read(Buffer.concat(Array.from({ length: 40 }, () => frame(1, 'x'.repeat(16_000)))), []);
  expect(line?.text.length).toBe(rawLineMax);
});

test('whatever bytes there are, reading ends and no line has a line break', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.array(fc.nat(300)), async (bytes, tty, cuts) => {
    for (const { text } of await read(Buffer.from(bytes), cuts, tty)) expect(text).not.toContain('\n');
  }));
});

test('a line of the journal has its time and stream; bytes that are no text, and what is no line, do no harm', () => {
  expect(journalLine('{"MESSAGE":"hi","__REALTIME_TIMESTAMP":"1764140400000000","PRIORITY":"3"}')).toEqual({ stream: 'stderr', ts: '2025-11-26T07:00:00.000Z', text: 'hi' });
  expect(journalLine('{"MESSAGE":[104,105]}')).toEqual({ stream: 'stdout', ts: null, text: 'hi' });
  expect(journalLine('{"MESSAGE":null}')?.text).toContain('does not hold');
  for (const bad of ['', '{', '[]', '{"MESSAGE":{"a":1}}', '{"MESSAGE":"x","__REALTIME_TIMESTAMP":"-1"}']) expect(journalLine(bad)).toBeNull();
});

test('control bytes are taken out before secrets are looked for, so that they hide none', () => {
  const redact = redactor(['hunter2hunter2']);
  const told = (text: string): string => cleaned({ stream: 'stdout', ts: null, text }, redact).text;
  expect(told('a\u001b[31mhunter2\u001b[0mhunter2\u0007 b')).toBe('a[secret] b');
  expect(told('\u001b]0;title\u0007x')).toBe('x');
  expect(told(`${'y'.repeat(16 * 1024 - 5)}hunter2hunter2`)).not.toContain('hunter2');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => { expect(told(text)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/); }));
});

test('without knowing what is secret nothing is read, and nothing told', async () => {
  const sent: unknown[] = [];
  const deps = { control: { desired: () => Promise.resolve([]) }, node: 'h1', logs: { logs: (batch: unknown) => { sent.push(batch); return Promise.resolve(true); } } } as unknown as TailDeps;
  const scope = { signal: new AbortController().signal, heartbeat: () => undefined, leaving: () => false };
  await expect(tailLogs(deps, { deploy_id: 'd', version: 1, host: 'h1', component: 'web', run_id: 'log_1', tail: 5, follow_ms: 0 }, scope)).rejects.toThrow('has nothing for web');
  expect(sent).toEqual([]);
});
