import fc from 'fast-check';
import { RecentlyUsed } from '../../control/rendering/recently-used.js';

const text = (value: string): number => value.length;

test('what was asked for least lately goes first, when there are too many', async () => {
  const kept = new RecentlyUsed<string>({ bytes: 100, entries: 2 }, text);
  await kept.keep('a', Promise.resolve('a'));
  await kept.keep('b', Promise.resolve('b'));
  expect(await kept.get('a')).toBe('a');
  await kept.keep('c', Promise.resolve('c'));
  expect([kept.get('a') !== undefined, kept.get('b'), kept.get('c') !== undefined]).toEqual([true, undefined, true]);
});

test('what failed is made again by whoever asks next, and only that', async () => {
  const kept = new RecentlyUsed<string>({ bytes: 100, entries: 9 }, text);
  const failed = kept.keep('a', Promise.reject(new Error('no')));
  await expect(failed).rejects.toThrow('no');
  expect(kept.get('a')).toBeUndefined();
  const late = kept.keep('b', Promise.reject(new Error('late')));
  const anew = kept.keep('b', Promise.resolve('anew'));
  await expect(late).rejects.toThrow('late');
  expect(kept.get('b')).toBe(anew);
});

test('the last one stays, however large it is', async () => {
  const kept = new RecentlyUsed<string>({ bytes: 3, entries: 9 }, text);
  await kept.keep('a', Promise.resolve('a'));
  await kept.keep('b', Promise.resolve('much too large'));
  expect([kept.get('a'), await kept.get('b')]).toEqual([undefined, 'much too large']);
});

test('whatever is kept, asked for and forgotten: never more than the limits but for the last', async () => {
  const step = fc.record({ what: fc.constantFrom('keep', 'get', 'forget'), key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), length: fc.nat({ max: 8 }) });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const kept = new RecentlyUsed<string>({ bytes: 10, entries: 3 }, text);
    const lengths = new Map<string, number>();
    for (const { what, key, length } of steps) {
      if (what === 'keep') lengths.set(key, (await kept.keep(key, Promise.resolve('x'.repeat(length)))).length);
      else if (what === 'get') expect(await kept.get(key) ?? null).toBe(kept.get(key) === undefined ? null : 'x'.repeat(lengths.get(key) ?? -1));
      else kept.forget(key);
      const there = [...lengths].filter(([name]) => kept.get(name) !== undefined);
      expect(kept.size).toBe(there.length);
      expect(there.length).toBeLessThanOrEqual(3);
      if (there.length > 1) expect(there.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThanOrEqual(10);
    }
  }));
});
