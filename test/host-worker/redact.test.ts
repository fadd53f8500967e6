/** What a host tells has no secret in it, in none of the forms in which programs print one. */
import fc from 'fast-check';
import { redactor } from '../../host-worker/control-plane/redact.js';

const value = 'p"a$s/w+o rd\\1-äö';
const bytes = Buffer.from(value);

test.each([
  ['as it is', `postgres://app:${value}@db`], ['in JSON', JSON.stringify({ password: value })], ['in an address', `?p=${encodeURIComponent(value)}&x`], ['in hex', `x${bytes.toString('hex')}y`], ['in upper hex', bytes.toString('hex').toUpperCase()],
  ['in base64', bytes.toString('base64')], ['in base64url', bytes.toString('base64url')], ['in base64 behind a user', Buffer.from(`app:${value}`).toString('base64')], ['in base64 between others', Buffer.from(`ab${value}cdef`).toString('base64')],
])('%s', (_, text) => {
  const told = redactor([value])(text);
  expect(told).toContain('[secret]');
  for (const form of [value, encodeURIComponent(value), bytes.toString('hex'), bytes.toString('base64').slice(4, -4)]) expect(told.toLowerCase()).not.toContain(form.toLowerCase());
});

test('one that is part of another one leaves nothing of the longer one', () => {
  expect(redactor(['hunter2', 'hunter2-long'])('a hunter2-long b hunter2 c')).toBe('a [secret] b [secret] c');
});

test('each line of one with several lines is kept back, since output comes line by line', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----';
  const redact = redactor([key]);
  expect(key.split('\n').map(redact)).toEqual(Array(4).fill('[secret]'));
  expect(redact(`key: ${key}.`)).toBe('key: [secret].');
});

test('without secrets, and of one that is too short to be one, text stays as it is', () => {
  for (const values of [[], [''], ['abc']]) expect(redactor(values)('an abc is an abc')).toBe('an abc is an abc');
});

test('whatever the secret, it is not in what is told', () => {
  fc.assert(fc.property(fc.string({ minLength: 4, maxLength: 40 }), fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (secret, before, after) => {
    fc.pre(!'[secret]'.includes(secret) && !secret.includes('[secret]'));
    const told = redactor([secret])(`${before}${secret}${after}`);
    // What stands around the mask is not the secret again.
    expect(told.split('[secret]').some((part) => part.includes(secret))).toBe(false);
  }), { numRuns: 300 });
});
