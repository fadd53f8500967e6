/** Jinja templates made from a grammar: what people write, what attackers write, and both inside each other. */
import { nastyWords } from './nasty.js';
import type { Random } from './random.js';

type Rule = (random: Random, depth: number) => string;

/** Half of them are there, so that what is around them is reached. */
const name: Rule = (random) => (random.once(2) ? random.pick(['vars.name', 'vars.list', 'vars.number', 'name', 'list', 'number', 'host_id', "hosts['h1'].address", 'hosts.h1.tags']) : random.pick(['vars', 'vars.name', 'vars.list', 'vars.map', 'vars.number', 'hosts', "hosts['h1']", 'hosts.h1.tags', 'host_id', 'component', 'component.run', 'components', 'config', 'secrets', 'env', 'env.REGION', 'name', 'list', 'x', 'loop', 'loop.index', 'm', 'self', 'nope', 'range', 'caller', 'super']));
const trick: Rule = (random) => random.pick(['constructor', '__proto__', 'prototype', 'call', 'apply', 'bind', 'toString', 'valueOf', '__defineGetter__', '__lookupGetter__', 'length', 'name', 'next', 'concat', 'push', 'at', 'then', 'ctx', 'env', 'getExported', 'val', 'parent', 'globals', "cons' ~ 'tructor"]);
const global: Rule = (random) => random.pick(['process', 'globalThis', 'require', 'Function', 'eval', 'Object', 'Symbol', 'Proxy', 'Reflect', 'nunjucks', '__read', 'begin', 'answer', 'environment', 'frame', 'context', 'runtime', 'cb', 'output', 'this', 'arguments', 'cycler', 'joiner']);
/** Large ones are rare: each costs its whole time. */
const number: Rule = (random) => (random.once(500) ? random.pick(['100000', '1000000000', '-1', '1e9']) : random.pick(['0', '1', '2', '3', '7', '-1', '0.5', '10']));
const literal: Rule = (random, depth) => random.pick([
  () => number(random, depth), () => random.pick(["'a'", '"b c"', "''", '"{{"', "'%}'", '"\\n"', "'é😀'", '"constructor"']), () => random.pick(['true', 'false', 'none', 'null']),
  () => `[${list(random, depth)}]`, () => `{ "k": ${expression(random, depth - 1)}, ${random.pick(['a', '"b"', '"__proto__"', '1'])}: 1 }`, () => `(${list(random, depth)})`, () => random.pick(['r/a+/', 'r/(a+)+$/g', 'r/./i']),
])();
const list: Rule = (random, depth) => random.several(3, () => expression(random, depth - 1)).join(', ');

const filters = ['upper', 'lower', 'length', 'join', 'first', 'last', 'sort', 'reverse', 'dump', 'safe', 'escape', 'trim', 'int', 'float', 'abs', 'round', 'default("d")', 'd(1, true)', 'replace("a", "b")', 'batch(2)', 'slice(2)', 'groupby("k")', 'selectattr("k")', 'rejectattr("constructor")', 'sum("k")', 'indent(2)', 'wordwrap(3)', 'truncate(5)', 'list', 'string', 'title', 'urlencode', 'urlize', 'striptags', 'nl2br', 'center(20)', 'dictsort', 'random', 'select', 'reject', 'nope', '?key', 'constructor', 'format(1)', 'wordcount', 'capitalize', 'forceescape', 'join(range(3))'];
const tests = ['defined', 'undefined', 'none', 'odd', 'even', 'divisibleby(2)', 'sameas(x)', 'string', 'number', 'iterable', 'mapping', 'callable', 'escaped', 'nope', 'constructor', 'equalto(1)', 'in [1]'];
const operators = ['+', '-', '*', '/', '//', '%', '**', '~', '==', '!=', '===', '<', '>', '<=', '>=', 'in', 'not in', 'and', 'or', '|', '.', ',', 'is', 'if'];
const methods = ['split("a")', 'replace("a", "b")', 'concat([1])', 'slice(1)', 'indexOf("a")', 'repeat(3)', 'padEnd(9)', 'toUpperCase()', 'map(range)', 'join()', 'keys()', 'charAt(0)', 'match(r/a/)', 'reverse()', 'toString()', 'hasOwnProperty("a")'];

function expression(random: Random, depth: number): string {
  if (depth <= 0) return random.once(3) ? literal(random, 0) : name(random, 0);
  const inner = (): string => expression(random, depth - 1);
  return random.pick([
    () => name(random, depth), () => literal(random, depth), () => `${inner()} ${random.pick(operators)} ${inner()}`, () => `${inner()} | ${random.pick(filters)}`, () => `${inner()} is ${random.once(4) ? 'not ' : ''}${random.pick(tests)}`,
    () => `${inner()}.${trick(random, depth)}`, () => `${inner()}['${trick(random, depth)}']`, () => `${inner()}[${inner()}]`, () => `${inner()}.${random.pick(methods)}`, () => `${name(random, depth)}(${list(random, depth)})`,
    () => `range(${number(random, depth)})`, () => `(${inner()} if ${inner()} else ${inner()})`, () => `not ${inner()}`, () => `-${inner()}`, () => `(${inner()})`, () => `${global(random, depth)}${random.pick(['', '.env', '("fs")', '[0]'])}`, () => `m(${list(random, depth)})`,
  ])();
}

export function template(random: Random, depth: number): string {
  const body = (): string => (depth <= 0 ? 'text' : template(random, depth - 1));
  const value = (): string => expression(random, Math.min(depth, 3));
  const open = (): string => random.pick(['{%', '{%', '{%-']);
  const close = (): string => random.pick(['%}', '%}', '-%}']);
  const tag = (words: string): string => `${open()} ${words} ${close()}`;
  const part = (): string => random.pick([
    () => `{{ ${value()} }}`, () => `{{ ${value()} }}`, () => `{{ ${value()} }}`, () => `{{- ${value()} -}}`, () => random.pick(['text', ' ', '\n', '{', '}}', '%}', '#}', 'é', '<&>', '"']),
    () => `${tag(`if ${value()}`)}${body()}${random.once(2) ? `${tag(`elif ${value()}`)}${body()}` : ''}${tag('else')}${body()}${tag('endif')}`,
    () => `${tag(`for ${random.pick(['x', 'x', 'k, v', 'a, b, c', 'constructor', 'loop'])} in ${value()}`)}${body()}${random.once(3) ? `${tag('else')}${body()}` : ''}${tag('endfor')}`,
    () => tag(`set ${random.pick(['x', 'm', 'x, y', 'range', 'vars', '__proto__', 'caller'])} = ${value()}`), () => `${tag('set x')}${body()}${tag('endset')}`,
    () => `${tag(`macro ${random.pick(['m', 'f', 'constructor', 'range'])}(${random.pick(['', 'x', 'x, y=1', '__proto__=1', 'caller'])})`)}${body()}${tag('endmacro')}`, () => `${tag(`call ${random.pick(['m', 'm(1)', '(x) m()', 'range'])}`)}${body()}${tag('endcall')}`,
    () => `${tag(`filter ${random.pick(filters)}`)}${body()}${tag('endfilter')}`, () => `${tag('raw')}${body()}${tag('endraw')}`, () => `{# ${body()} #}`,
    () => tag(`include ${random.pick(['"part.txt"', '"t1.j2"', '"nope"', '"../x"', '"/etc/passwd"', value()])}${random.once(3) ? ' ignore missing' : ''}`), () => tag(`import ${random.pick(['"lib.j2"', '"nope"'])} as ${random.pick(['m', 'lib', '__proto__'])}`), () => tag(`from "lib.j2" import ${random.pick(['m', 'line as m', 'nope', 'constructor'])}`),
    () => `${tag(`block ${random.pick(['b', 'body', '__proto__'])}`)}${body()}${tag('endblock')}`, () => tag(`extends ${random.pick(['"base.j2"', '"t1.j2"', value()])}`), () => `${tag(`switch ${value()}`)}${tag(`case ${value()}`)}${body()}${tag('default')}${body()}${tag('endswitch')}`,
    () => `${tag(`${random.pick(['asyncEach', 'asyncAll'])} x in ${value()}`)}${body()}${tag(random.pick(['endeach', 'endall']))}`, () => `${tag(`ifAsync ${value()}`)}${body()}${tag('endif')}`, () => tag(random.pick(['endif', 'else', 'nope', 'do x', 'set', ''])), () => random.pick(nastyWords),
  ])();
  return [part(), ...random.several(2, part)].join('');
}
