import fc from 'fast-check';
import { frame, FrameReader, messageBytesMax, timeoutMsOf } from '../../gateway/grpc/framing.js';
import { headerText, status } from '../../gateway/grpc/status.js';
import { standardLimits, Usage } from '../../gateway/limits.js';

test('a message comes out as it went in, however it was cut', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (message, cuts) => {
    const bytes = frame(message);
    const reader = new FrameReader();
    for (let at = 0, index = 0; at < bytes.length; index += 1) {
      const length = cuts[index % cuts.length] ?? 1;
      reader.add(bytes.subarray(at, at + length));
      at += length;
    }
    expect(reader.end()).toEqual(Buffer.from(message));
  }));
});

test('what is compressed or too large is refused before it is there', () => {
  const refused = (head: Buffer): unknown => { try { new FrameReader().add(head); } catch (error) { return error; } return null; };
  expect(refused(Buffer.of(1, 0, 0, 0, 1))).toMatchObject({ code: status.unimplemented });
  const large = Buffer.alloc(5);
  large.writeUInt32BE(messageBytesMax + 1, 1);
  expect(refused(large)).toMatchObject({ code: status.invalidArgument });
  large.writeUInt32BE(messageBytesMax, 1);
  expect(refused(large)).toBeNull();
});

test.each([['nothing', Buffer.alloc(0)], ['half a head', Buffer.of(0, 0)], ['too little', Buffer.of(0, 0, 0, 0, 2, 1)], ['two messages', Buffer.concat([frame(Buffer.of(1)), frame(Buffer.of(2))])]])('%s is not a message', (_, bytes) => {
  const reader = new FrameReader();
  reader.add(bytes);
  expect(() => reader.end()).toThrow('not whole');
});

test.each<[string | undefined, number]>([['70S', 70_000], ['100m', 100], ['1M', 60_000], ['2H', 90_000], ['500u', 1], ['0S', 1], [undefined, 90_000], ['', 90_000], ['-1S', 90_000], ['1e9S', 90_000], ['999999999S', 90_000], ['5', 90_000]])('a timeout of %s is %i ms', (header, ms) => {
  expect(timeoutMsOf(header)).toBe(ms);
});

test('a host has its share and no more, and gets it back', () => {
  let now = 0;
  const usage = new Usage({ connections: 2, atOnce: 3, bytesAtOnce: 100, perSecond: 10, burst: 5 }, () => now);
  expect([usage.connect('h1'), usage.connect('h1'), usage.connect('h1'), usage.connect('h2')]).toEqual([true, true, false, true]);
  usage.disconnect('h1');
  expect(usage.connect('h1')).toBe(true);
  expect([1, 2, 3, 4].map(() => usage.begin('h1'))).toEqual([true, true, true, false]);
  expect(usage.begin('h2')).toBe(true);
  for (let call = 0; call < 3; call += 1) usage.end('h1');
  expect([1, 2, 3].map(() => usage.begin('h1'))).toEqual([true, true, false]);
  usage.end('h1');
  usage.end('h1');
  // A reconnect does not fill it up again.
  usage.disconnect('h1');
  usage.disconnect('h1');
  expect(usage.connect('h1') && usage.begin('h1')).toBe(false);
  now += 100;
  expect(usage.begin('h1')).toBe(true);
  expect(usage.begin('h1')).toBe(false);
  expect([usage.take('h1', 60), usage.take('h1', 60), usage.take('h2', 60)]).toEqual([true, false, true]);
  usage.give('h1', 60);
  expect(usage.take('h1', 100)).toBe(true);
  expect(standardLimits.atOnce).toBeGreaterThan(64);
});

test('whatever a message says, it fits into a header and is read again', () => {
  for (const text of ['plain', 'schön 100 %', 'two\r\nlines', '\u{1f600}', '\ud83d alone', '']) {
    expect(headerText(text)).toMatch(/^[\x20-\x7e]*$/);
    expect(decodeURIComponent(headerText(text))).toBe(text.replace('\ud83d ', '\ufffd '));
  }
});
