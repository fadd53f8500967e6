/** Task tokens are good for the host and the generation that they were handed to, whole, and for nothing else. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type HostTask, type TokenKey, unwrapToken, wrapToken } from '../../gateway/grpc/task-token.js';

const key = (id: number): TokenKey => ({ id, key: randomBytes(32) });
const keys = [key(2), key(1)];
const h1 = { host: 'h1', generation: 3 };
const taskOf = (token: Uint8Array, workflowId = 'deploy/dpl_1'): HostTask => ({ workflowId, token });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const hosts = fc.record({ host: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/), generation: fc.integer({ min: 1, max: 2 ** 31 - 1 }) });

test('T-H2: none of 10,000 mutated tokens is taken', () => {
  const token = taskOf(randomBytes(120));
  const whole = Buffer.from(wrapToken(keys, h1, token));
  let taken = 0;
  fc.assert(fc.property(fc.oneof(
    fc.record({ how: fc.constant('flip' as const), at: fc.nat(whole.length * 8 - 1), value: fc.constant(0) }),
    fc.record({ how: fc.constant('byte' as const), at: fc.nat(whole.length - 1), value: fc.nat(255) }),
    fc.record({ how: fc.constant('cut' as const), at: fc.nat(whole.length - 1), value: fc.constant(0) }),
    fc.record({ how: fc.constant('longer' as const), at: fc.constant(0), value: fc.nat(255) }),
    fc.record({ how: fc.constant('key id' as const), at: fc.constant(1), value: fc.nat(255) }),
    fc.record({ how: fc.constant('other token' as const), at: fc.constant(34), value: fc.nat(255) }),
  ), ({ how, at, value }) => {
    const changed = how === 'cut' ? whole.subarray(0, at) : how === 'longer' ? Buffer.concat([whole, Buffer.of(value)]) : Buffer.from(whole);
    if (how === 'flip') changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
    if (how === 'byte' || how === 'key id') changed[at] = value;
    if (how === 'other token') changed.fill(value, at);
    if (changed.equals(whole)) return;
    taken += unwrapToken(keys, h1, changed) === null ? 0 : 1;
  }), { numRuns: 10_000 });
  expect(taken).toBe(0);
  expect(unwrapToken(keys, h1, whole)).toEqual(token);
});

test('what is wrapped for a caller is unwrapped for that caller alone', () => {
  fc.assert(fc.property(hosts, hosts, bytes, fc.string({ maxLength: 80 }), (one, other, token, workflowId) => {
    const wrapped = wrapToken(keys, one, taskOf(token, workflowId));
    expect(unwrapToken(keys, one, wrapped)).toEqual(taskOf(Buffer.from(token), Buffer.from(workflowId).toString()));
    if (one.host !== other.host || one.generation !== other.generation) expect(unwrapToken(keys, other, wrapped)).toBeNull();
    expect(unwrapToken(keys, { ...one, generation: one.generation + 1 }, wrapped)).toBeNull();
  }));
});

test('a name that ends where another begins is not that other one', () => {
  const wrapped = wrapToken(keys, { host: 'h1', generation: 1 }, taskOf(Buffer.from('abc')));
  for (const host of ['h', 'h11', 'h1\u0000', 'H1', '']) expect(unwrapToken(keys, { host, generation: 1 }, wrapped)).toBeNull();
});

test('two keys are good at a time: what was wrapped before goes on after a change of keys', () => {
  const [fresh, old] = [key(9), key(8)];
  const wrapped = wrapToken([old], h1, taskOf(Buffer.from('token')));
  expect(unwrapToken([fresh, old], h1, wrapped)).toEqual(taskOf(Buffer.from('token')));
  expect(unwrapToken([fresh], h1, wrapped)).toBeNull();
  expect(wrapToken([fresh, old], h1, taskOf(Buffer.from('token')))[1]).toBe(9);
  expect(() => wrapToken([], h1, taskOf(Buffer.from('token')))).toThrow('no key');
});
