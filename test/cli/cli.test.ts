/** `maestro` against the real API and a real database; a host comes in by the door it comes in by. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../cli/run.js';
import { certificateRequest } from '../../host-worker/identity/certificate-request.js';
import { useApi } from '../api/harness.js';

const held = useApi();
const patienceMs = 10_000;

/** One call, with all that it says. */
class Call {
  out = '';
  err = '';
  readonly stop = new AbortController();
  ended: Promise<number>;

  constructor(argv: string[], { key = held.api.keys.admin.authorization.slice('Bearer '.length), now = Date.now }: { key?: string; now?: () => number } = {}) {
    this.ended = run(argv, { MAESTRO_URL: held.api.url, MAESTRO_KEY: key }, { out: (text) => { this.out += text; }, err: (text) => { this.err += text; }, signal: this.stop.signal, now });
  }

  async says(text: string | RegExp): Promise<void> {
    const until = Date.now() + patienceMs;
    const has = (said: string): boolean => (typeof text === 'string' ? said.includes(text) : text.test(said));
    while (!has(this.out + this.err)) {
      if (Date.now() > until) throw new Error(`it never said ${String(text)}, but: ${this.out}${this.err}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  get lines(): Record<string, unknown>[] {
    return this.out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

const tokenIn = (text: string): string => /MAESTRO_ENROLL_TOKEN='([^']+)'/.exec(text)?.[1] ?? '';
const comes = async (name: string, token: string): Promise<number> => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const answer = await fetch(`${held.api.hostsUrl}/enroll`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token, name, csr: await certificateRequest(key, name) }) });
  return answer.status;
};
const speaks = (name: string, facts = { docker: true, systemd: true, missing: [] as string[] }) =>
  held.api.ask('/host/v1/hello', { json: { facts, version: '0.1.0' }, headers: held.api.hostHeaders(name) });

describe('maestro enroll', () => {
  it('prints the command alone on stdout, tells each step as it happens, and ends when the host is in', async () => {
    const call = new Call(['enroll', 'cli-01']);
    await call.says('Waiting.');
    const token = tokenIn(call.out);
    expect(call.out.trimEnd().split('\n')).toHaveLength(1);
    expect(call.err).not.toContain(token);
    expect(await comes('cli-99', token)).toBe(403);
    await call.says('✗ cli-99: not let in: The enrollment is not for a host named "cli-99". Name the host after cli-01.');
    expect(await comes('cli-01', token)).toBe(201);
    await call.says('✓ cli-01: was given a certificate');
    expect(call.err).not.toContain('its worker was heard');
    await speaks('cli-01', { docker: false, systemd: true, missing: ['docker'] });
    expect(await call.ended).toBe(0);
    expect(call.err).toContain('! cli-01: Docker not found');
    expect(call.err).toContain('✓ cli-01: systemd found');
    expect(call.err.trimEnd().split('\n').at(-1)).toBe('cli-01 is in.');
  });

  it('with --json says the same as one object a line, and nothing else', async () => {
    const call = new Call(['enroll', 'json-01', '--json']);
    await call.says('"event":"waiting"');
    await comes('json-01', String(call.lines[0]?.['token']));
    await speaks('json-01');
    expect(await call.ended).toBe(0);
    expect(call.err).toBe('');
    expect(call.lines.map(({ event, step, state, stage }) => [event, step ?? stage ?? null, state ?? null])).toEqual([
      ['enrollment', null, 'open'], ['waiting', null, null],
      ...['asked', 'certificate', 'heard', 'docker', 'systemd'].map((step) => ['step', step, 'done']), ['end', 'ready', null],
    ]);
  });

  it('waits for all hosts of a pattern', async () => {
    const call = new Call(['enroll', 'many-*', '--uses', '2']);
    await call.says('Waiting.');
    for (const name of ['many-1', 'many-2']) {
      await comes(name, tokenIn(call.out));
      await speaks(name);
    }
    expect(await call.ended).toBe(0);
    expect(call.err).toContain('many-2, many-1 are in.');
  });

  it('is left by Ctrl-C, which says how to come back, and comes back to where it stands', async () => {
    const call = new Call(['enroll', 'left-01']);
    await call.says('Waiting.');
    call.stop.abort();
    expect(await call.ended).toBe(130);
    const id = /--watch (enr_\S+)/.exec(call.err)?.[1] ?? '';
    await comes('left-01', tokenIn(call.out));
    await speaks('left-01');
    const back = new Call(['enroll', '--watch', id]);
    expect(await back.ended).toBe(0);
    expect(back.err).toContain('left-01 is in.');
    expect(back.out).toBe('');
  });

  it('says after a minute what to look at, and ends with 124 when the time is over', async () => {
    let later = 0;
    const call = new Call(['enroll', 'never-01'], { now: () => Date.now() + later });
    await call.says('Waiting.');
    later = 61_000;
    await held.api.db.$executeRaw`SELECT 1`;
    await call.says('nothing has come for a minute');
    await held.api.db.enrollment.updateMany({ where: { host_pattern: 'never-01' }, data: { expires_at: new Date(Date.now() - 1_000) } });
    later = 3_600_000;
    expect(await call.ended).toBe(124);
  }, 30_000);

  it('with --no-wait only makes it', async () => {
    const call = new Call(['enroll', 'quick-01', '--no-wait']);
    expect(await call.ended).toBe(0);
    expect(tokenIn(call.out)).toHaveLength(43);
  });

  it('with a key that may not follow events it looks by itself', async () => {
    const { key } = (await held.api.ask('/api/auth/keys', { as: held.api.people.admin, json: { name: 'bare', rights: ['node.enroll'] }, headers: { origin: held.api.url } })).body as { key: string };
    const call = new Call(['enroll', 'bare-01'], { key });
    await call.says('Waiting.');
    await comes('bare-01', tokenIn(call.out));
    await speaks('bare-01');
    expect(await call.ended).toBe(0);
  }, 30_000);

  it('goes on when the control plane cuts its socket', async () => {
    const call = new Call(['enroll', 'cut-01']);
    await call.says('Waiting.');
    await held.api.db.$executeRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maestro-events'`.catch(() => undefined);
    await comes('cut-01', tokenIn(call.out));
    await speaks('cut-01');
    expect(await call.ended).toBe(0);
  });
});

describe('maestro nodes', () => {
  it('is a line for each host, or an object', async () => {
    // Whoever has not spoken for a while is offline.
    await speaks('cli-01', { docker: false, systemd: true, missing: ['docker'] });
    const call = new Call(['nodes']);
    expect(await call.ended).toBe(0);
    expect(call.out).toMatch(/^cli-01 +online +systemd +0\.1\.0$/m);
    const json = new Call(['nodes', '--json']);
    await json.ended;
    expect(json.lines.map(({ name }) => name)).toContain('cli-01');
  });
});

describe('refusals', () => {
  it.each([
    ['a key that is none', ['nodes'], 'mae_wrong', 4, 'auth_error'],
    ['no key', ['nodes'], '', 4, 'auth_error'],
    ['a key with a line in it', ['nodes'], 'mae_a\r\nx-evil: 1', 4, 'auth_error'],
    ['a name that cannot be one', ['enroll', 'Not A Name'], undefined, 2, 'validation_error'],
    ['an enrollment that is not there', ['enroll', '--watch', 'enr_0000000000000000'], undefined, 1, 'not_found'],
    ['an unknown command', ['deploy'], undefined, 2, 'validation_error'],
    ['nobody there', ['nodes', '--url', 'http://127.0.0.1:1'], undefined, 1, 'unavailable'],
  ])('%s: an exit code, a code and a way out, and never the key', async (_what, argv, key, exit, code) => {
    const call = new Call(argv, key === undefined ? {} : { key });
    expect(await call.ended).toBe(exit);
    expect(call.err).toMatch(new RegExp(`^maestro: .*\\(${code}\\)\n  fix: .+\n$`));
    if (key !== undefined && key !== '') expect(call.err + call.out).not.toContain(key);
    const json = new Call([...argv, '--json'], key === undefined ? {} : { key });
    expect(await json.ended).toBe(exit);
    expect(json.lines).toEqual([{ event: 'error', code, message: expect.any(String), suggested_fix: expect.any(String) }]);
  });

  it('what the role does not allow is 4, and names the right', async () => {
    const call = new Call(['enroll', 'x'], { key: held.api.keys.viewer.authorization.slice('Bearer '.length) });
    expect(await call.ended).toBe(4);
    expect(call.err).toContain('node.enroll');
  });

  it('a key from a file is as good, and a file that is not there is said', async () => {
    const file = join(held.api.dataDir, 'key');
    await writeFile(file, `${held.api.keys.admin.authorization.slice('Bearer '.length)}\n`);
    expect(await new Call(['nodes', '--key-file', file], { key: '' }).ended).toBe(0);
    expect(await new Call(['nodes', '--key-file', `${file}.not`], { key: '' }).ended).toBe(2);
  });

  it('nothing that a host is called reaches the terminal as more than text', async () => {
    await held.api.db.node.create({ data: { id: 'nod_evil000000000000', name: 'evil\u001b[2J', facts: {}, version: '\u0007' } });
    const call = new Call(['nodes']);
    await call.ended;
    expect(call.out).toContain('evil');
    expect([...call.out].some((character) => character < ' ' && character !== '\n')).toBe(false);
  });
});

describe('as a process', () => {
  it('prints the command, tells each step, and ends with 0', async () => {
    const key = held.api.keys.admin.authorization.slice('Bearer '.length);
    const child = spawn(process.execPath, ['dist/maestro.mjs', 'enroll', 'process-01'], { env: { NODE_ENV: 'production', MAESTRO_URL: held.api.url, MAESTRO_KEY: key }, stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      const said = { out: '', err: '' };
      const ended = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
      const printed = new Promise<void>((resolve) => { child.stdout.on('data', (data: Buffer) => { said.out += data.toString(); if (said.out.includes('\n')) resolve(); }); });
      child.stderr.on('data', (data: Buffer) => { said.err += data.toString(); });
      await Promise.race([printed, ended]);
      expect(await comes('process-01', tokenIn(said.out))).toBe(201);
      await speaks('process-01');
      expect(await ended).toBe(0);
      expect(said.err).toMatch(/process-01 is in\.\n$/);
    } finally {
      child.kill('SIGKILL');
    }
  }, 30_000);
});
