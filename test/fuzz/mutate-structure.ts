/** Documents bent as data: members removed, renamed, exchanged, doubled, buried. What comes out is YAML that can be read. */
import { nastyValues } from './nasty.js';
import type { Random } from './random.js';

type Container = unknown[] | Record<string, unknown>;
interface Place { container: Container; key: string; depth: number }

/** One to four changes of a copy, mostly one. */
export function mutatedStructure(document: unknown, random: Random): unknown {
  const root = { document: structuredClone(document) };
  const times = random.pick([1, 1, 1, 2, 4]);
  for (let time = 0; time < times; time += 1) random.pick(mutations)(random.pick(placesIn(root)), random, root);
  return root.document;
}

function placesIn(container: Container, depth = 0): Place[] {
  return Object.keys(container).flatMap((key) => {
    const value = valueAt({ container, key });
    const here = { container, key, depth };
    return isContainer(value) ? [here, ...placesIn(value, depth + 1)] : [here];
  });
}

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;
const valueAt = ({ container, key }: Pick<Place, 'container' | 'key'>): unknown => Object.getOwnPropertyDescriptor(container, key)?.value;
/** Also where the key is `__proto__`. */
const put = (container: Container, key: string, value: unknown): unknown =>
  Object.defineProperty(container, key, { value, enumerable: true, writable: true, configurable: true });

function remove({ container, key }: Place): void {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else Reflect.deleteProperty(container, key);
}

type Mutation = (place: Place, random: Random, root: Container) => void;

const removed: Mutation = (place) => { if (place.depth > 0) remove(place); };
const replaced: Mutation = ({ container, key }, random) => { put(container, key, structuredClone(random.pick(nastyValues))); };
const exchanged: Mutation = ({ container, key }, random, root) => { put(container, key, structuredClone(valueAt(random.pick(placesIn(root))))); };
const wrapped: Mutation = (place, random) => {
  const value = valueAt(place);
  put(place.container, place.key, random.once(2) ? [value] : { [random.pick(keys)]: value });
};
const doubled: Mutation = ({ container, key }) => { if (Array.isArray(container)) container.push(structuredClone(valueAt({ container, key }))); };
const renamed: Mutation = (place, random) => {
  if (Array.isArray(place.container) || place.depth === 0) return;
  const value = valueAt(place);
  remove(place);
  put(place.container, random.once(3) ? place.key.slice(1) : random.pick(keys), value);
};
const added: Mutation = ({ container, key }, random) => {
  const value = valueAt({ container, key });
  if (isContainer(value) && !Array.isArray(value)) put(value, random.pick(keys), structuredClone(random.pick(nastyValues)));
};

const mutations: readonly Mutation[] = [removed, replaced, replaced, exchanged, wrapped, doubled, renamed, added];

const keys = ['type', 'run', 'source', 'config', 'env', 'vars', 'secrets', 'image', 'tag', 'host', 'hosts', 'tags', 'components', 'component', 'depends_on', 'depends_on_hosts', 'mode', 'port', 'command', 'healthcheck', 'tests', 'defaults', 'strategy', 'h1', 'db', 'constructor', '__proto__', 'toString', '<<', '', ' ', '0', '1.10', 'no', 'null', 'x'.repeat(70)];
