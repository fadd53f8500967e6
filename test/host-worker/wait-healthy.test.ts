import type { Probe } from '../../host-worker/health/probe.js';
import { type HealthWait, waitHealthy } from '../../host-worker/health/wait-healthy.js';
import { PassingTrouble } from '../../host-worker/trouble.js';
import type { HealthTiming } from '../../spec/desired.js';

const timing: HealthTiming = { interval_ms: 300, timeout_ms: 1_000, start_period_ms: 0, retries: 3 };
const red = { ok: false, detail: 'http 503' };
const green = { ok: true, detail: 'http 200' };

/** Answers green once `afterMs` have passed, and remembers when it was asked. */
function probeGreenAfter(afterMs: number): { probe: Probe; asked: number[] } {
  const started = performance.now();
  const asked: number[] = [];
  return {
    asked,
    probe: async () => {
      asked.push(performance.now() - started);
      return performance.now() - started >= afterMs ? green : red;
    },
  };
}

const wait = (over: Partial<HealthWait>): HealthWait => ({
  what: 'container web', probe: null, timing, death: async () => null, signal: new AbortController().signal, tell: () => undefined, ...over,
});

async function timed<T>(work: Promise<T>): Promise<{ ms: number; value: T | undefined; error: unknown }> {
  const started = performance.now();
  const [end] = await Promise.allSettled([work]);
  return { ms: performance.now() - started, value: end.status === 'fulfilled' ? end.value : undefined, error: end.status === 'rejected' ? end.reason : undefined };
}

describe('with a health check', () => {
  it('ends with the first success, at once', async () => {
    const { probe, asked } = probeGreenAfter(0);
    const { ms, value } = await timed(waitHealthy(wait({ probe, timing: { ...timing, start_period_ms: 60_000, interval_ms: 10_000 } })));
    expect(value).toBe('http 200');
    expect(asked).toHaveLength(1);
    expect(ms).toBeLessThan(100);
  });

  it('polls quickly at first and then less and less, so that a start of 400 ms is seen soon after', async () => {
    const { probe, asked } = probeGreenAfter(400);
    const { ms } = await timed(waitHealthy(wait({ probe, timing: { ...timing, interval_ms: 10_000, start_period_ms: 60_000 } })));
    expect(ms).toBeLessThan(900);
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(gaps[0]).toBeLessThan(120);
    expect(gaps.at(-1)).toBeGreaterThan(gaps[0] ?? 0);
  });

  it('does not count failures inside the start period', async () => {
    const { probe } = probeGreenAfter(900);
    const lines: string[] = [];
    const { value } = await timed(waitHealthy(wait({ probe, timing: { ...timing, interval_ms: 50, retries: 1, start_period_ms: 5_000 }, tell: (line) => lines.push(line) })));
    expect(value).toBe('http 200');
    expect(lines).toEqual(['health: http 503']);
  });

  it('is not judged red when what would have to answer is away, or has died', async () => {
    let asked = 0;
    const away = async (): Promise<string | null> => {
      asked += 1;
      // Slow to say so, as a daemon that goes down is: only the look before the verdict waits for it.
      if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 5_000).unref());
      throw new PassingTrouble('Docker does not answer any more');
    };
    expect((await timed(waitHealthy(wait({ probe: async () => red, death: away })))).error).toBeInstanceOf(PassingTrouble);
    const dies = async (): Promise<string | null> => {
      asked += 1;
      if (asked === 3) await new Promise((resolve) => setTimeout(resolve, 5_000).unref());
      return 'exited with code 7';
    };
    expect((await timed(waitHealthy(wait({ probe: async () => red, death: dies })))).error).toMatchObject({ code: 'runtime_error', message: 'container web exited with code 7' });
  });

  it('fails after as many failures as allowed, an interval apart, and says what it saw how often', async () => {
    const lines: string[] = [];
    const { ms, error } = await timed(waitHealthy(wait({ probe: async () => red, tell: (line) => lines.push(line) })));
    expect(error).toMatchObject({ code: 'healthcheck_failed', message: 'healthcheck of container web: http 503 (3 of 3)', fix: expect.stringContaining('start_period') });
    expect(lines).toEqual(['health: http 503 (1 of 3)', 'health: http 503 (2 of 3)', 'health: http 503 (3 of 3)']);
    expect(ms).toBeGreaterThanOrEqual(600);
    expect(ms).toBeLessThan(1_600);
  });

  it('still takes a success between two counted failures', async () => {
    const { probe } = probeGreenAfter(450);
    const { value, ms } = await timed(waitHealthy(wait({ probe, timing: { ...timing, interval_ms: 2_000, retries: 2 } })));
    expect(value).toBe('http 200');
    expect(ms).toBeLessThan(1_300);
  });

  it('starts counting only after the start period', async () => {
    const { ms, error } = await timed(waitHealthy(wait({ probe: async () => red, timing: { ...timing, start_period_ms: 700, interval_ms: 100, retries: 1 } })));
    expect(error).toMatchObject({ code: 'healthcheck_failed', message: expect.stringContaining('(1 of 1)') });
    expect(ms).toBeGreaterThanOrEqual(700);
  });

  it('does not wait for what has died', async () => {
    const died = performance.now() + 300;
    const { ms, error } = await timed(waitHealthy(wait({
      probe: async () => red, timing: { ...timing, start_period_ms: 60_000 }, death: async () => (performance.now() > died ? 'exited with code 1' : null),
    })));
    expect(error).toMatchObject({ code: 'runtime_error', message: 'container web exited with code 1' });
    expect(ms).toBeLessThan(1_000);
  });

  it('does not take another one\'s answer for health of what has died', async () => {
    const { error } = await timed(waitHealthy(wait({ probe: async () => green, death: async () => 'exited with code 1' })));
    expect(error).toMatchObject({ code: 'runtime_error', message: 'container web exited with code 1' });
  });

  it('notices a death even while a probe hangs', async () => {
    const { ms, error } = await timed(waitHealthy(wait({ probe: () => new Promise(() => undefined), timing: { ...timing, start_period_ms: 60_000 }, death: async () => 'exited with code 137' })));
    expect(error).toMatchObject({ message: 'container web exited with code 137' });
    expect(ms).toBeLessThan(500);
  });

  it('passes on trouble of looking whether it lives', async () => {
    const { error } = await timed(waitHealthy(wait({ probe: async () => red, death: () => Promise.reject(new Error('no daemon')) })));
    expect(error).toMatchObject({ message: 'no daemon' });
  });
});

describe('without a health check', () => {
  it('has to be up, and still be up after a short while', async () => {
    const { ms, value } = await timed(waitHealthy(wait({ timing: null })));
    expect(value).toBe('running');
    expect(ms).toBeGreaterThanOrEqual(240);
    expect(ms).toBeLessThan(600);
  });

  it('fails when it came up and died', async () => {
    let looks = 0;
    const { error } = await timed(waitHealthy(wait({ timing: null, death: async () => ((looks += 1) > 1 ? 'exited with code 0' : null) })));
    expect(error).toMatchObject({ code: 'runtime_error', message: 'container web exited with code 0' });
  });
});

it('stops when it is cancelled, and looks no more', async () => {
  const stop = new AbortController();
  const { probe, asked } = probeGreenAfter(60_000);
  setTimeout(() => stop.abort(new Error('cancelled')), 200);
  const { ms, error } = await timed(waitHealthy(wait({ probe, signal: stop.signal, timing: { ...timing, start_period_ms: 60_000 } })));
  expect(error).toBeDefined();
  expect(ms).toBeLessThan(600);
  const before = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(asked.length).toBe(before);
});
