/** What keeps work apart, or together, when placements are handled at the same time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { inBatches } from '../../host-worker/in-batches.js';
import { Locks } from '../../host-worker/locks.js';
import { runProgram } from '../../host-worker/run-program.js';
import { DaemonReload, UnitLooks } from '../../host-worker/systemd/systemctl.js';
import { isAlive, mainProcess } from '../../host-worker/systemd/main-process.js';
import { parseShow } from '../../host-worker/systemd/unit-status.js';

const never = new AbortController().signal;

describe('the lock of a placement', () => {
  it('lets one in at a time, in order of arrival, and others elsewhere meanwhile', async () => {
    const locks = new Locks();
    const log: string[] = [];
    const enter = (key: string, name: string) => locks.run(key, never, async () => {
      log.push(`${name} in`);
      await sleep(20);
      log.push(`${name} out`);
    });
    await Promise.all([enter('a', '1'), enter('a', '2'), enter('b', '3')]);
    expect(log.indexOf('3 in')).toBeLessThan(log.indexOf('1 out'));
    expect(log.indexOf('2 in')).toBeGreaterThan(log.indexOf('1 out'));
  });

  it('is let go of when the work fails', async () => {
    const locks = new Locks();
    await expect(locks.run('a', never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await locks.run('a', never, async () => 'in')).toBe('in');
  });

  it('is not waited for by one who was cancelled, and one who gave up does not let others in early', async () => {
    const locks = new Locks();
    let inside = 0;
    let most = 0;
    const busy = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(60);
      inside -= 1;
    };
    const first = locks.run('a', never, busy);
    const cancelled = new AbortController();
    const second = locks.run('a', cancelled.signal, busy);
    cancelled.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    await Promise.all([first, locks.run('a', never, busy), locks.run('a', never, busy)]);
    expect(most).toBe(1);
  });

  it('never has two inside, whatever is cancelled when', async () => {
    const visit = fc.record({ holdMs: fc.nat(4), cancelMs: fc.option(fc.nat(6)) });
    await fc.assert(fc.asyncProperty(fc.array(visit, { maxLength: 12 }), async (visits) => {
      const locks = new Locks();
      let inside = 0;
      await Promise.allSettled(visits.map(({ holdMs, cancelMs }) => {
        const stop = new AbortController();
        if (cancelMs !== null) setTimeout(() => stop.abort(new Error('cancelled')), cancelMs);
        return locks.run('a', stop.signal, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await sleep(holdMs);
          inside -= 1;
        });
      })).then((ends) => {
        for (const end of ends) if (end.status === 'rejected') expect(String(end.reason)).toContain('cancelled');
      });
      expect(await locks.run('a', never, async () => 'free')).toBe('free');
    }), { numRuns: 60 });
  });
});

describe('daemon-reload', () => {
  it('is shared by all who ask while another is under way, and starts after their file was written', async () => {
    const started: number[] = [];
    let now = 0;
    const reload = new DaemonReload(async () => {
      started.push(now);
      await sleep(30);
    });
    const first = reload.request();
    await sleep(5);
    now = 1;
    const others = [1, 2, 3, 4].map(() => reload.request());
    await Promise.all([first, ...others]);
    expect(started).toEqual([0, 1]);
  });

  it('is one for all who ask at the same moment', async () => {
    let reloads = 0;
    const reload = new DaemonReload(async () => { reloads += 1; });
    await Promise.all(Array.from({ length: 10 }, () => reload.request()));
    expect(reloads).toBe(1);
    await reload.request();
    expect(reloads).toBe(2);
  });

  it('that fails is told to those who asked for it, and the next one is tried', async () => {
    let reloads = 0;
    const reload = new DaemonReload(async () => {
      reloads += 1;
      await sleep(10);
      if (reloads === 1) throw new Error('no');
    });
    const first = reload.request();
    await sleep(2);
    const second = reload.request();
    await expect(first).rejects.toThrow('no');
    await second;
    expect(reloads).toBe(2);
  });
});

describe('batches', () => {
  it('keep the order of results and never run more at once than allowed', async () => {
    let running = 0;
    let most = 0;
    const results = await inBatches([5, 1, 3, 2, 4], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(item);
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 30, 20, 40]);
    expect(most).toBe(2);
  });

  it('end with the first error, after those under way, and begin no more', async () => {
    const begun: number[] = [];
    await expect(inBatches([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await sleep(5);
      if (item === 2) throw new Error('no');
    })).rejects.toThrow('no');
    expect(begun.length).toBeLessThanOrEqual(4);
    expect(await inBatches([], 3, async () => 1)).toEqual([]);
  });
});

describe('a program', () => {
  it('answers with its exit code and output, in English and UTC', async () => {
    const result = await runProgram('node', ['-e', 'console.log(process.env.LC_ALL, process.env.TZ); console.error("err"); process.exit(3)'], { timeoutMs: 10_000 });
    expect(result).toEqual({ exit_code: 3, stdout: 'C UTC\n', stderr: 'err\n' });
  });

  it('that is missing, takes too long or floods is an error', async () => {
    await expect(runProgram('no-such-program', [], { timeoutMs: 1_000 })).rejects.toThrow(/ENOENT/);
    await expect(runProgram('sleep', ['10'], { timeoutMs: 100 })).rejects.toThrow('not done after 100 ms');
    await expect(runProgram('head', ['-c', '100000', '/dev/zero'], { timeoutMs: 5_000, maxBytes: 1_000 })).rejects.toThrow(/maxBuffer/);
  });

  it('gets its arguments as they are: there is no shell', async () => {
    const odd = ['$HOME', '`id`', 'a b', "'; rm -rf /", '*'];
    const { stdout } = await runProgram('node', ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...odd], { timeoutMs: 10_000 });
    expect(JSON.parse(stdout)).toEqual(odd);
  });
});

describe('looks at units', () => {
  const statuses = (units: readonly string[]) => new Map(parseShow(units.map((unit) => `Id=${unit}\nActiveState=active\nInvocationID=${unit}\n`).join('\n')).map((status) => [status.invocation, status]));

  it('share a program: whoever asks while one runs gets the next one, which started after', async () => {
    const asked: string[][] = [];
    const looks = new UnitLooks(async (units) => {
      asked.push([...units]);
      await sleep(30);
      return statuses(units);
    });
    const first = looks.at('a.service');
    await sleep(10);
    const late = [looks.at('a.service'), looks.at('b.service'), looks.at('b.service')];
    expect((await Promise.all([first, ...late])).map(({ invocation }) => invocation)).toEqual(['a.service', 'a.service', 'b.service', 'b.service']);
    expect(asked).toEqual([['a.service'], ['a.service', 'b.service']]);
  });

  it('that fail fail for those who shared them, and for nobody after', async () => {
    let broken = true;
    const looks = new UnitLooks(async (units) => {
      if (broken) throw new Error('systemd does not answer');
      return statuses(units);
    });
    const ends = await Promise.allSettled([looks.at('a.service'), looks.at('b.service')]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    expect((await looks.at('a.service')).active_state).toBe('active');
  });

  it('are used again by whoever asks for no newer one than they are', async () => {
    let shows = 0;
    const looks = new UnitLooks(async (units) => {
      shows += 1;
      return statuses(units);
    });
    const before = performance.now();
    await looks.at('a.service');
    await looks.at('a.service', before);
    expect(shows).toBe(1);
    await looks.at('a.service', performance.now());
    await looks.at('b.service', before);
    await looks.at('a.service');
    expect(shows).toBe(4);
  });

  it('that forget a unit are an error', async () => {
    await expect(new UnitLooks(async () => new Map()).at('a.service')).rejects.toThrow('systemctl show a.service said nothing');
  });
});

describe('a main process', () => {
  it('is alive until it has ended, and another one with its number is not it', async () => {
    const child = spawn('sleep', ['60']);
    const found = mainProcess(child.pid ?? 0);
    if (found === null) throw new Error('no process');
    expect(isAlive(found)).toBe(true);
    expect(isAlive({ ...found, started: '1' })).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect([isAlive(found), mainProcess(0), mainProcess(-1)]).toEqual([false, null, null]);
  });
});
