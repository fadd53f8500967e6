/** `defaults.component` and `defaults.host`, deep-merged under what each entry says itself; lists replace. */
type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

function mergeUnder(base: unknown, own: unknown): unknown {
  if (own === undefined) return base;
  if (!isPlain(base) || !isPlain(own)) return own;
  const keys = [...new Set([...Object.keys(own), ...Object.keys(base)])];
  return Object.fromEntries(keys.map((key) => [key, mergeUnder(ownMember(base, key), ownMember(own, key))]));
}

/** A key may be called `constructor` or `toString`, which every object has without being asked. */
const ownMember = (of: Plain, key: string): unknown => (Object.hasOwn(of, key) ? of[key] : undefined);

const mergeInto = (entries: unknown, base: unknown): unknown =>
  isPlain(entries) && isPlain(base) ? Object.fromEntries(Object.entries(entries).map(([id, own]) => [id, isPlain(own) ? mergeUnder(base, own) : own])) : entries;

export function mergeDefaults(value: unknown): unknown {
  if (!isPlain(value) || !isPlain(value['defaults'])) return value;
  const { component, host } = value['defaults'];
  return { ...value, hosts: mergeInto(value['hosts'], host), components: mergeInto(value['components'], component) };
}
