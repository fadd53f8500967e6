/** Documents made from the schema itself: mostly right, so that what comes after the shape is reached as well. */
import { documentSchema } from '../../spec/document/schema.js';
import { nastyValues } from './nasty.js';
import type { Random } from './random.js';

interface Definition {
  type?: string; shape?: Record<string, unknown>; innerType?: unknown; in?: unknown; element?: unknown; valueType?: unknown;
  options?: readonly unknown[]; entries?: Record<string, unknown>; values?: readonly unknown[];
}
type Make = (definition: Definition, random: Random, key: string) => unknown;

/** Of values, so many may be of any kind. */
const wrongOnceIn = 300;

export const generatedDocument = (random: Random): unknown => generated(documentSchema, random, '');

function generated(schema: unknown, random: Random, key: string): unknown {
  const definition = definitionOf(schema);
  const make = makers[definition.type ?? ''];
  if (make === undefined) throw new Error(`the schema has a type the generator does not know: ${definition.type ?? 'none'}`);
  return key !== '' && random.once(wrongOnceIn) ? structuredClone(random.pick(nastyValues)) : make(definition, random, key);
}

const definitionOf = (schema: unknown): Definition => (typeof schema === 'object' && schema !== null && 'def' in schema && typeof schema.def === 'object' && schema.def !== null ? schema.def : {});
const inner: Make = ({ innerType }, random, key) => generated(innerType, random, key);

const makers: Readonly<Record<string, Make>> = {
  object: ({ shape = {} }, random) => Object.fromEntries(oneWay(shape, random).flatMap(([key, member]) => (isLeftOut(member, random, key) ? [] : [[key, generated(member, random, key)]]))),
  record: ({ valueType }, random, key) => Object.fromEntries(namesFor(key, random).map((name) => [name, generated(valueType, random, name)])),
  array: ({ element }, random, key) => [generated(element, random, key), ...random.several(random.once(4) ? 2 : 0, () => generated(element, random, key))],
  union: ({ options = [] }, random, key) => generated(random.pick(options), random, key),
  enum: ({ entries = {} }, random) => random.pick(Object.values(entries)),
  literal: ({ values = [] }, random) => random.pick(values),
  string: (_, random, key) => random.pick(words[key] ?? names),
  number: (_, random, key) => random.pick(numbers[key] ?? [1, 2, 3]),
  boolean: (_, random) => random.once(2),
  unknown: (_, random, key) => (key in words ? random.pick(words[key] ?? names) : anything(random, 3)),
  optional: inner, default: inner, prefault: inner,
  pipe: (definition, random, key) => generated(definition.in, random, key),
};

/** Of the ways to name the hosts of a binding there is one. */
function oneWay(shape: Record<string, unknown>, random: Random): [key: string, schema: unknown][] {
  const kept = random.pick(ways);
  const isBinding = ways.every((way) => way in shape);
  return Object.entries(shape).filter(([key]) => !isBinding || !ways.includes(key) || key === kept);
}

const ways = ['host', 'hosts', 'tags'];

/** What may be left out often is, so that documents stay small. */
const isLeftOut = (schema: unknown, random: Random, key: string): boolean =>
  !ways.includes(key) && ['optional', 'default', 'prefault'].includes(definitionOf(schema).type ?? '') && !random.once(3);

/** Hosts and components are all there, so that what refers to them finds them. */
const namesFor = (key: string, random: Random): readonly string[] => (['hosts', 'components'].includes(key) ? ids : random.several(3, () => random.pick(words[`${key}.`] ?? names)));

function anything(random: Random, depth: number): unknown {
  if (depth === 0 || random.once(2)) return random.pick(['x', 'y z', '{{ vars.a }}', '{{ host_id }}', 1, 2.5, true, null]);
  const member = (): unknown => anything(random, depth - 1);
  return random.once(2) ? random.several(3, member) : Object.fromEntries(random.several(3, () => [random.pick(names), member()]));
}

const names = ['a', 'b', 'c', 'web-1', 'db', 'x.y'];
const times = ['500ms', '10s', '2m', '1h30m', '3'];
const ids = ['a', 'b'];
const paths = ['/etc/a.conf', 'b.conf', '/srv/c', 'sub/d'];
const texts = ['x', '{{ vars.a }}', '{{ host_id }}', "{{ hosts['a'].address }}", 'a b', '{{ component_id }}-1'];

const numbers: Readonly<Record<string, readonly number[]>> = { expect_status: [200, 404], initial_fraction: [0.5, 1], step_fraction: [0.3], mode: [640], restart_sec: [0, 5.5], cpus: [0.5, 2] };

/** Words that fit a key; with a dot at its end, the keys of its map. */
const words: Readonly<Record<string, readonly string[]>> = {
  hosts: ids, host: ids, components: ids, depends_on: ids, depends_on_hosts: ids, requires: ids, tags: ['eu'], user: ['deploy'], 'component.': ['description'], 'host.': ['user', 'description'],
  'env.': ['A', 'B', 'PATH'], A: texts, B: texts, PATH: texts,
  interval: times, timeout: times, start_period: times, verify_duration: times, offline_deadline: times, poll_interval: times,
  memory: ['512m', '1.5g', '1024'], cpus: ['0.5', '2'], initial_fraction: ['20%', '0.5'], step_fraction: ['30%', '1'], mode: ['0640', '755', '0o600'],
  ports: ['80:80', '127.0.0.1:81:80', '53:53/udp', '8000-8002:9000-9002'], volumes: ['data:/data', '/srv:/srv:ro', './x:/y'], port: ['80', '{{ 80 + 1 }}'],
  url: ['http://localhost/', 'https://x/{{ vars.a }}'], source: ['t.j2', 'static', 'none'], dest: paths, working_directory: ['/opt/a', '/srv/{{ host_id }}'], command: ['run it', '/bin/a --b "c d"', '{{ vars.a }}'],
  image: ['nginx', 'ghcr.io/a/b'], tag: ['1.27', 'latest', 'sha256:0123'], container_name: ['c-1', ...texts], unit_name: ['u', 'u@1.service'], project: ['p', 'shop'], description: texts,
};
