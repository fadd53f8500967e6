/** Any value as YAML, in block or flow style as chance has it. */
import type { Random } from './random.js';

export function printed(value: unknown, random: Random, indent = ''): string {
  if (random.once(6)) return flow(value);
  if (Array.isArray(value) && value.length > 0) return value.map((item) => `\n${indent}-${beside(item, random, indent)}`).join('');
  if (isMap(value) && Object.keys(value).length > 0) {
    return Object.entries(value).map(([key, member]) => `\n${indent}${word(key)}:${beside(member, random, indent)}`).join('');
  }
  return flow(value);
}

/** What stands after a dash or a colon: on the same line, or below it. */
function beside(value: unknown, random: Random, indent: string): string {
  const text = printed(value, random, `${indent}  `);
  return text.startsWith('\n') ? text : ` ${text}`;
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (isMap(value)) return `{ ${Object.entries(value).map(([key, member]) => `${word(key)}: ${flow(member)}`).join(', ')} }`;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  return typeof value === 'string' ? word(value) : JSON.stringify(value) ?? 'null';
}

const word = (text: string): string => (/^[a-z][a-z_]*$/.test(text) && !/^(true|false|null)$/.test(text) ? text : JSON.stringify(text));
