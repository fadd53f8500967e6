/** The files of a bundle when one component comes back: those that it alone uses are as they were, all others as they are. */
import fc from 'fast-check';
import { parseDocument, type Component } from '../../spec/document/index.js';
import { bundleUses, usesPath } from '../../spec/splice/bundle-uses.js';
import { spliceFiles, type BundleFileEntry } from '../../spec/splice/splice-files.js';

const component = (config: string, rest = ''): Component => {
  const { document, errors } = parseDocument(`api_version: maestro/v1\nproject: p\nhosts: { h: {} }\ncomponents:\n  c:\n    run: { type: systemd, command: /bin/x${rest} }\n    config: ${config}\ndeployment: [{ host: h, components: [c] }]\n`);
  if (document?.components['c'] === undefined) throw new Error(JSON.stringify(errors));
  return document.components['c'];
};
const files = (entries: Record<string, string>): BundleFileEntry[] => Object.entries(entries).map(([path, sha256]) => ({ path, sha256, mode: 0o644 }));
const uses = (paths: string[], any = false): { paths: ReadonlySet<string>; any: boolean } => ({ paths: new Set(paths), any });
const asRecord = (answer: ReturnType<typeof spliceFiles>): unknown => ('files' in answer ? Object.fromEntries(answer.files.map(({ path, sha256 }) => [path, sha256])) : answer);

describe('what a component uses', () => {
  test('templates, files, folders, and what its templates take in, however deep', () => {
    const texts = { 'a.j2': '{% include "b.j2" %}', 'b.j2': "{%- extends 'c.j2' -%}{% from \"d.j2\" import x %}{% import 'e.j2' as e %}{% include 'b.j2' ignore missing %}", 'z.j2': '{% include "y.j2" %}' };
    expect(bundleUses([component('{ templates: [{ source: ./a.j2, dest: /etc/a }], files: [{ source: site/, dest: /srv/site }] }')], texts)).toEqual(uses(['a.j2', 'site', 'b.j2', 'c.j2', 'd.j2', 'e.j2']));
  });

  test('what a string of its section takes in', () => {
    expect(bundleUses([component('{}', ', env: { A: "{% include \'motd.txt\' %}" }')], {})).toEqual(uses(['motd.txt']));
  });

  test.each([
    ['a source that is made up', '{ templates: [{ source: "{{ host_id }}.j2", dest: /etc/a }] }', {}],
    ['an include that is made up', '{ templates: [{ source: a.j2, dest: /etc/a }] }', { 'a.j2': '{% include "conf/" ~ host_id %}' }],
    ['an include of a name', '{ templates: [{ source: a.j2, dest: /etc/a }] }', { 'a.j2': '{% include vars.x %}' }],
    ['a choice', '{ templates: [{ source: a.j2, dest: /etc/a }] }', { 'a.j2': '{% include "b" if vars.x else "c" %}' }],
  ])('%s may be any file', (_, config, texts) => {
    expect(bundleUses([component(config)], texts)).toMatchObject({ any: true });
  });
});

describe('the files that come', () => {
  const base = files({ 'a.j2': '2', 'site/index': '2', 'site/new': '2', 'shared': '2', 'b.j2': '2' });
  const from = files({ 'a.j2': '1', 'site/index': '1', 'site/old': '1', 'shared': '1', 'b.j2': '1', 'gone': '1' });

  test('folders come as a whole, with what was in them alone', () => {
    expect(asRecord(spliceFiles({ base, from, uses: uses(['a.j2', 'site']), others: uses(['shared', 'b.j2']) }))).toEqual({ 'a.j2': '1', 'site/index': '1', 'site/old': '1', 'shared': '2', 'b.j2': '2' });
  });

  test('one that others use, too, is named, unless it is the same', () => {
    expect(spliceFiles({ base, from, uses: uses(['a.j2', 'shared']), others: uses(['shared']) })).toEqual({ shared: ['shared'] });
    expect(spliceFiles({ base, from, uses: uses(['site']), others: uses(['site/new']) })).toEqual({ shared: ['site/new'] });
    expect(spliceFiles({ base, from, uses: uses(['a.j2']), others: uses([], true) })).toEqual({ shared: ['a.j2'] });
    expect(asRecord(spliceFiles({ base: from, from, uses: uses(['a.j2']), others: uses([], true) }))).toEqual(asRecord({ files: from }));
  });

  test('rights of a file are part of it', () => {
    const mine = [{ path: 'x', sha256: '1', mode: 0o755 }];
    expect(spliceFiles({ base: files({ x: '1' }), from: mine, uses: uses(['x']), others: uses([]) })).toEqual({ files: mine });
  });

  test('with names that are made up, all that was there comes, and what came since stays', () => {
    expect(asRecord(spliceFiles({ base, from, uses: uses([], true), others: uses([]) }))).toEqual({ 'a.j2': '1', 'site/index': '1', 'site/new': '2', 'site/old': '1', 'shared': '1', 'b.j2': '1', 'gone': '1' });
  });

  test('a file where there is a folder now is refused', () => {
    expect(spliceFiles({ base: files({ 'x/y': '2' }), from: files({ x: '1' }), uses: uses([], true), others: uses([]) })).toEqual({ clashes: ['x/y'] });
  });

  test('of any bundles: what is its own is as it was, what others use is as it is', () => {
    const path = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h', 'f/i');
    const bundle = fc.dictionary(path, fc.constantFrom('1', '2')).map(files);
    const used = fc.record({ paths: fc.array(fc.constantFrom('a', 'b', 'c', 'c/d', 'f', 'f/g', 'zz')).map((paths) => new Set(paths)), any: fc.boolean() });
    fc.assert(fc.property(bundle, bundle, used, used, (now, then, mine, others) => {
      const answer = spliceFiles({ base: now, from: then, uses: mine, others });
      if (!('files' in answer)) return;
      const at = (all: readonly BundleFileEntry[], wanted: string): string | undefined => all.find((file) => file.path === wanted)?.sha256;
      for (const wanted of ['a', 'b', 'c/d', 'c/e', 'f/g/h', 'f/i']) {
        if (usesPath(others, wanted)) expect(at(answer.files, wanted)).toBe(at(now, wanted));
        if (usesPath({ ...mine, any: false }, wanted)) expect(at(answer.files, wanted)).toBe(at(then, wanted));
        else if (!mine.any) expect(at(answer.files, wanted)).toBe(at(now, wanted));
        else if (at(then, wanted) !== undefined) expect(at(answer.files, wanted)).toBe(at(then, wanted));
      }
    }), { numRuns: 1000 });
  });
});
