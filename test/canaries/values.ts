/** Secrets of every shape that has to be quoted somewhere, and as what bytes one of them would be found. */
import { randomBytes } from 'node:crypto';
import type { Needle } from './find.js';

/** `cores`: parts of the value that come through every quoting as they are, each as good as the whole. */
export interface Canary { value: string; cores: string[] }

const coreLength = 20;
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const newCore = (): string => Array.from(randomBytes(coreLength), (byte) => alphabet[byte % alphabet.length] ?? '').join('');

type Shape = (core: () => string) => string;
const many = (core: () => string, count: number, between: string): string => Array.from({ length: count }, core).join(between);

export const shapes: readonly Shape[] = [
  (core) => core(),
  (core) => `it's "${core()}"`,
  (core) => `$HOME\`id\`${core()}$(id)\\Z!`,
  (core) => `https://u:${core()}@h/?a=b&c=d+e%20#f`,
  (core) => `tab\t${core()}\ttab`,
  (core) => `-----BEGIN PRIVATE KEY-----\n${core()}${core()}\n${core()}=\n-----END PRIVATE KEY-----`,
  (core) => `Zugang äöü€ 漢字 🎻 ${core()} ñ`,
  (core) => `  two words ${core()}  `,
  (core) => many(core, 10, ''),
  (core) => many(core, 60, '-'),
  (core) => `<a href="${core()}">&amp;</a>`,
  (core) => `${core()}+/==`,
  (core) => Buffer.from(core()).toString('hex').slice(0, 8) + core(),
  (core) => `--password=${core()} --x`,
  (core) => `🎻🎺${core()}🥁`,
  (core) => `C:\\new\\${core()}\\table\\\\`,
  (core) => `100%s%n%${core()}%d`,
  (core) => JSON.stringify({ user: 'app', password: core(), note: 'a "b" \\ c' }),
  (core) => `{{ ${core()} }} {% raw %}`,
  (core) => `first line of it\r\nab\n${core()}\n`,
];

/** As a password generator makes them. */
export const newCanary = (shape: Shape = (core) => core()): Canary => {
  const cores: string[] = [];
  return { value: shape(() => { const core = newCore(); cores.push(core); return core; }), cores };
};

const base64Inside = (text: string, before: number, encoding: 'base64' | 'base64url'): string => {
  const bytes = Buffer.from(text);
  const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding).replace(/=+$/, '');
  return whole.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
};

/** By form. The cores are the same in addresses, JSON and shells; the whole value is not. */
export const formsOf = (text: string): [string, string][] => {
  const hex = Buffer.from(text).toString('hex');
  const url = encodeURIComponent(text);
  return [
    ['raw', text], ['json', JSON.stringify(text).slice(1, -1)], ['url', url], ['url', url.toLowerCase()], ['hex', hex], ['HEX', hex.toUpperCase()],
    ...[0, 1, 2].flatMap((before): [string, string][] => [[`base64+${String(before)}`, base64Inside(text, before, 'base64')], [`base64url+${String(before)}`, base64Inside(text, before, 'base64url')]]),
  ];
};

/** `value`: the place in the list, so that a failing test prints none. */
export const needlesOf = (canaries: readonly Canary[]): Needle[] => canaries.flatMap(({ value, cores }, index) =>
  [...new Map([value, ...cores].flatMap(formsOf).map(([form, text]) => [text, form]))].map(([text, form]) => ({ value: index, form, bytes: Buffer.from(text) })));
