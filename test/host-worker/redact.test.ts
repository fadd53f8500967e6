/** What a host tells has no secret in it, in none of the forms in which programs print one. */
import fc from 'fast-check';
import { redactor, withoutTerminalCodes } from '../../host-worker/control-plane/redact.js';

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

describe('in pieces', () => {
  const long = Buffer.from(Array.from({ length: 90 }, (_, index) => (index * 37 + 11) % 256)).toString('base64url');
  const left = (text: string): string => redactor([long])(text).replaceAll('[secret]', '');

  test.each([
    ['base64 in lines of 76', Buffer.from(long).toString('base64').replace(/.{76}/g, '$&\n')],
    ['base64 of a login in lines of 64', Buffer.from(`app:${long}`).toString('base64').replace(/.{64}/g, '$&\n')],
    ['hex in lines of 60', Buffer.from(long).toString('hex').replace(/.{60}/g, '$&\n')],
    ['a dump, byte by byte', Buffer.from(long).toString('hex').replace(/.{32}/g, (line) => `${line.replace(/..(?=.)/g, '$& ')}\n`)],
    ['as it is, in lines of 40', long.replace(/.{40}/g, '$&\n')],
  ])('%s', (_, text) => {
    const told = left(text).split('\n').join('');
    // What stands where a value's first and last bits hang together with their neighbours, or less than a piece at the end of a line.
    expect(told.length).toBeLessThan(16 + text.split('\n').length * 4);
    for (let at = 0; at + 16 <= text.length; at += 1) expect(told).not.toContain(text.slice(at, at + 16));
  });

  test('wherever it is cut, no piece of sixteen characters is left', () => {
    fc.assert(fc.property(fc.nat(long.length), fc.nat(long.length), (one, other) => {
      const piece = long.slice(Math.min(one, other), Math.max(one, other));
      const told = redactor([long])(`x=${piece};`);
      expect(told).toBe(piece.length < 16 ? `x=${piece};` : 'x=[secret];');
    }));
  });

  test('two of them that overlap are both kept back to their ends', () => {
    const [one, other] = [long.slice(0, 60), long.slice(40)];
    expect(redactor([one, other])(`<${long}>`)).toBe('<[secret]>');
    expect(redactor(['abcdef', 'defghi'])('<abcdefghi>')).toBe('<[secret]>');
  });
});

test.each([
  ['python', 'p"a$s/w+o rd\\\\1-\\u00e4\\u00f6'.replace('"', '\\"')], ['php', JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/')], ['JSON in JSON', JSON.stringify(JSON.stringify(value))],
  ['a form', encodeURIComponent(value).replaceAll('%20', '+')], ['lower case', encodeURIComponent(value).toLowerCase().replace('rd', 'rd')], ['quote of python', encodeURIComponent(value).replaceAll('%2F', '/')], ['markup', 'p&quot;a$s/w+o rd\\1-äö'],
  ['a dump', bytes.toString('hex').replace(/..(?=.)/g, '$& ')], ['a fingerprint', bytes.toString('hex').toUpperCase().replace(/..(?=.)/g, '$&:')],
])('as %s writes it', (_, text) => {
  expect(redactor([value])(text).replace(/^"\\?"?|"?$/g, '')).toMatch(/^"?\[secret\]/);
});

test('quotes of a shell that is told to print what it runs, and lines that a shell has joined', () => {
  expect(redactor([`it's a $ecret`])(`+ curl -u 'it'\\''s a $ecret' x`)).toBe(`+ curl -u '[secret]' x`);
  expect(redactor(['first line\nsecond\n'])('got first line second')).toBe('got [secret]');
});

test('codes of a terminal do not hide one', () => {
  expect(redactor(['hunter2-long'])(withoutTerminalCodes('a hun\u001b[31mter2\u0000-lo\u001b[0mng\tb\n'))).toBe('a [secret]\tb\n');
});

test('one that repeats itself, in a text that does, takes no time', () => {
  const redact = redactor(['a'.repeat(4_000), 'ab'.repeat(2_000)]);
  const started = performance.now();
  expect(redact('a'.repeat(60_000) + 'ab'.repeat(30_000)).replaceAll('[secret]', '').length).toBeLessThan(16);
  expect(performance.now() - started).toBeLessThan(5_000);
});
