/** Single looks at a component's health, and what is told of it. */
import fc from 'fast-check';
import { dueAtMs, remember, told, type HealthMemory } from '../../spec/steady-health.js';

const timing = { interval_ms: 10_000, timeout_ms: 5_000, start_period_ms: 15_000, retries: 3 };
const good = { ok: true, detail: '200' };
const bad = { ok: false, detail: '503' };

function looks(...seen: { ok: boolean; detail: string; mark?: string; upForMs?: number | null }[]): HealthMemory | undefined {
  return seen.reduce<HealthMemory | undefined>((memory, { mark = 'one', upForMs = 60_000, ...look }, index) => remember(memory, { mark, atMs: index * 1_000, seen: look, upForMs }, timing), undefined);
}
const say = (memory: HealthMemory | undefined) => (memory === undefined ? null : told(memory, timing)?.ok ?? null);

test('one look that fails is not an unhealthy component, as many as its retries are', () => {
  expect(say(looks(good, bad))).toBe(true);
  expect(say(looks(good, bad, bad))).toBe(true);
  expect(say(looks(good, bad, bad, bad))).toBe(false);
  expect(say(looks(good, bad, bad, bad, good))).toBe(true);
});

test('of one that was never well nothing is said until it is known to be unwell', () => {
  expect(say(looks(bad))).toBeNull();
  expect(say(looks(bad, bad, bad))).toBe(false);
});

test('failures in the start period do not count before the first success, and do after it', () => {
  expect(say(looks(...Array.from({ length: 8 }, () => ({ ...bad, upForMs: 5_000 }))))).toBeNull();
  expect(say(looks({ ...good, upForMs: 1_000 }, { ...bad, upForMs: 2_000 }, { ...bad, upForMs: 3_000 }, { ...bad, upForMs: 4_000 }))).toBe(false);
});

test('another start begins anew', () => {
  expect(say(looks(good, bad, bad, { ...bad, mark: 'two' }))).toBeNull();
});

test('it is looked at again at its interval, and soon while it is in doubt', () => {
  const at = (memory: HealthMemory | undefined) => (memory === undefined ? 0 : dueAtMs(memory, timing) - memory.atMs);
  expect(at(looks(good))).toBe(10_000);
  expect(at(looks(good, bad))).toBe(1_000);
  expect(at(looks(good, bad, bad, bad))).toBe(10_000);
});

test('whatever is seen, unhealthy is told after a run of failures alone, and healthy after a success alone', () => {
  fc.assert(fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (oks) => {
    const said = say(looks(...oks.map((ok) => (ok ? good : bad))));
    const run = oks.length - 1 - oks.lastIndexOf(true);
    if (said === false) expect(run).toBeGreaterThanOrEqual(timing.retries);
    if (said === true) expect(oks).toContain(true);
    if (run >= timing.retries) expect(said).toBe(false);
  }));
});
