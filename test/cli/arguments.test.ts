/** What is typed is either one clear request or refused with what to type instead. */
import fc from 'fast-check';
import { readRequest, seconds } from '../../cli/arguments.js';
import { exitCodeOf } from '../../cli/failure.js';
import { MaestroError } from '../../spec/errors.js';

const refusal = (argv: string[], env = {}): MaestroError => {
  try {
    readRequest(argv, env);
  } catch (error) {
    if (error instanceof MaestroError) return error;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
};

it('an enrollment has a name or any, and everything else as it was given', () => {
  expect(readRequest(['enroll'], {})).toEqual({ verb: 'enroll', where: { url: 'http://127.0.0.1:8080', keyFile: undefined, key: undefined, json: false }, wait: true, watch: undefined, host: '*', uses: 1, ttl_seconds: 1800, replace: false });
  expect(readRequest(['enroll', 'web-*', '--uses', '3', '--ttl=2h', '--replace', '--no-wait', '--json', '--url', 'https://m.test/', '--key-file', 'k'], { MAESTRO_KEY: 'from env' }))
    .toEqual({ verb: 'enroll', where: { url: 'https://m.test', keyFile: 'k', key: 'from env', json: true }, wait: false, watch: undefined, host: 'web-*', uses: 3, ttl_seconds: 7200, replace: true });
});

it('a flag goes before the environment', () => {
  expect(readRequest(['nodes', '--url', 'http://a.test'], { MAESTRO_URL: 'http://b.test' })).toMatchObject({ where: { url: 'http://a.test' } });
  expect(readRequest(['nodes'], { MAESTRO_URL: 'http://b.test' })).toMatchObject({ where: { url: 'http://b.test' } });
});

it.each([[['--help'], 'all'], [[], 'all'], [['help'], 'all'], [['enroll', '-h'], 'enroll'], [['nodes', '--help'], 'nodes']] as [string[], string][])('%j asks for help', (argv, of) => {
  expect(readRequest(argv, {})).toEqual({ verb: 'help', of });
});

it.each([
  [['apply']], [['__proto__']], [['enroll', '--nope']], [['enroll', 'a', 'b']], [['enroll', '--uses', '0']], [['enroll', '--uses', '1e3']], [['enroll', '--ttl', 'soon']], [['enroll', '--watch', 'rol_0000000000000000']],
  [['nodes', 'x']], [['nodes', '--url', 'ftp://x']], [['nodes', '--key', 'secret']], [['enroll', '--url']],
])('%j is refused with a way out, as wrong usage', (argv) => {
  const error = refusal(argv);
  expect(error.fix).not.toBe('');
  expect(exitCodeOf(error)).toBe(2);
});

it('there is no way to give the key as an argument', () => {
  expect(() => readRequest(['nodes', '--key', 'mae_secret'], {})).toThrow(/key/);
});

it('times have a unit or are seconds', () => {
  expect(['45', '90s', '30m', '2h', '1d'].map(seconds)).toEqual([45, 90, 1800, 7200, 86_400]);
  fc.assert(fc.property(fc.string(), (text) => { if (!/^\d{1,6}[smhd]?$/.test(text)) expect(() => seconds(text)).toThrow(MaestroError); }));
});

it('whatever is typed is taken or refused, and never anything else', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('enroll', 'nodes', '--json', '--uses', '--ttl', '--watch', '--', '-x', '--url', 'web-01'));
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
    try {
      expect(['help', 'nodes', 'enroll']).toContain(readRequest(argv, {}).verb);
    } catch (error) {
      expect(error).toBeInstanceOf(MaestroError);
    }
  }));
});
