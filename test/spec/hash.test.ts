/** Hashes: what has an effect on a host changes them, what has none does not. */
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { canonicalJson, componentHash, sha256Hex, treeHash } from '../../spec/hash.js';
import { placements } from './planned-world.js';

/** The same value with the keys of every map in reverse. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)])) : value;
};

test('sha256 is the one everybody knows', () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256Hex('é')).toBe(sha256Hex(new Uint8Array([0xc3, 0xa9])));
});

test('canonical JSON is JSON that does not depend on the order of keys', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
  }));
  expect(canonicalJson({ b: undefined, a: [undefined, null] })).toBe('{"a":[null,null]}');
});

describe('component_hash', () => {
  const hashOf = (placement: DesiredPlacement): string => componentHash(placement);

  test('does not depend on the order of keys, the version, the deploy, the project or the host', () => {
    fc.assert(fc.property(placements, (placement) => {
      const reordered = { ...placement, run: reversed(placement.run) as DesiredPlacement['run'], files: placement.files.map((file) => ({ ...file, content: 'Zm9v' })) };
      expect(hashOf({ ...reordered, version: 99, deploy_id: 'dpl_9', project: 'other', host: 'h9' })).toBe(placement.hash);
    }));
  });

  const changes: Record<string, (placement: DesiredPlacement) => DesiredPlacement> = {
    'the component': (placement) => ({ ...placement, component: 'other' }),
    'the component directory': (placement) => ({ ...placement, component_directory: '/opt/other' }),
    'the health check': (placement) => ({ ...placement, healthcheck: placement.healthcheck === null ? { type: 'tcp', host: 'x', port: 1, interval_ms: 1, timeout_ms: 1, start_period_ms: 1, retries: 1 } : { ...placement.healthcheck, retries: 99 } }),
    'another file': (placement) => ({ ...placement, files: [...placement.files, { path: '/etc/new', sha256: 'x', size: 1, mode: 0o600, owner: null, group: null, strategy: 'atomic', origin: 'file' }] }),
    'another folder': (placement) => ({ ...placement, trees: [...placement.trees, { dest: '/srv/new', strategy: 'overwrite', tree_hash: 'x', owner: null, group: null, files: [] }] }),
    'an environment variable': (placement) => ({ ...placement, run: { ...placement.run, env: { ...placement.run.env, NEW: 'x' } } }),
    'the memory': (placement) => ({ ...placement, run: { ...placement.run, resources: { ...placement.run.resources, memory_bytes: 12345 } } }),
    'the CPUs': (placement) => ({ ...placement, run: { ...placement.run, resources: { ...placement.run.resources, cpus: 7 } } }),
  };
  test.each(Object.keys(changes))('changes with %s', (name) => {
    fc.assert(fc.property(placements, (placement) => {
      expect(hashOf(changes[name]?.(placement) ?? placement)).not.toBe(placement.hash);
    }), { numRuns: 30 });
  });
  test('changes with every field of the run section, of a file and of a folder', () => {
    const other = (value: unknown): unknown => (typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}x` : value === null ? 'x' : Array.isArray(value) ? [...value, 'x'] : { ...(value as object), x: 'x' });
    fc.assert(fc.property(placements, (placement) => {
      for (const key of Object.keys(placement.run)) expect(hashOf({ ...placement, run: { ...placement.run, [key]: other(placement.run[key as 'env']) } })).not.toBe(placement.hash);
      placement.files.forEach((file, index) => {
        for (const key of ['path', 'sha256', 'mode', 'owner', 'group', 'strategy'] as const) expect(hashOf({ ...placement, files: placement.files.with(index, { ...file, [key]: other(file[key]) } as typeof file) })).not.toBe(placement.hash);
      });
      placement.trees.forEach((tree, index) => {
        for (const key of ['dest', 'strategy', 'tree_hash', 'owner', 'group'] as const) expect(hashOf({ ...placement, trees: placement.trees.with(index, { ...tree, [key]: other(tree[key]) } as typeof tree) })).not.toBe(placement.hash);
      });
    }), { numRuns: 60 });
  });
});

test('the hash of a folder changes with each path, mode and content, and not with the order or size of files', () => {
  const files = [{ path: 'a', sha256: '1', mode: 0o644, size: 1 }, { path: 'b/c', sha256: '2', mode: 0o755, size: 2 }];
  const hash = treeHash(files);
  expect(treeHash([...files].reverse().map((file) => ({ ...file, size: 9 })))).toBe(hash);
  for (const change of [{ path: 'x' }, { sha256: 'x' }, { mode: 0 }]) expect(treeHash([{ path: 'a', sha256: '1', mode: 0o644, ...change }, { path: 'b/c', sha256: '2', mode: 0o755 }])).not.toBe(hash);
  expect(treeHash([])).not.toBe(hash);
});
