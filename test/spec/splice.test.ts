/** One component of another version in a document: it means what it meant, and the rest stays byte for byte. */
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { parseDocument } from '../../spec/document/index.js';
import { spliceComponent, type Spliced } from '../../spec/splice/splice-component.js';
import { generatedDocument } from '../fuzz/generate.js';
import { printed } from '../fuzz/print.js';
import { Random } from '../fuzz/random.js';
import { everyKey, recipes } from '../fuzz/seed-documents.js';

const head = 'api_version: maestro/v1\nproject: shop # the shop\nhosts: { web-01: {} }\n';
const tail = '# how it is placed\ndeployment:\n  - { host: web-01, components: [db, web] }\n';
const db = '  # the database; leave it alone\n  db: {source: {type: docker, image: postgres},   run: {type: docker}}\n';
const web = (tag: string, more = ''): string => `  web: # the site\n    # pinned by hand\n    source: { type: docker, image: nginx, tag: "${tag}" } # ${tag}\n    run:\n      type: docker\n${more}`;
const doc = (components: string, before = head, after = tail): string => `${before}components:\n${components}${after}`;

const splice = (base: string, from: string, component = 'web'): Spliced => spliceComponent({ yaml: base, name: 'v3' }, { yaml: from, name: 'v1' }, component);
const yamlOf = (spliced: Spliced): string => ('yaml' in spliced ? spliced.yaml : `refused: ${spliced.refused.message}`);
const refusal = (spliced: Spliced): string => ('refused' in spliced ? `${spliced.refused.code}: ${spliced.refused.message}` : spliced.yaml);

describe('as it is written', () => {
  test('the section comes with its comments; comments, order and spaces around it stay', () => {
    const between = '\n# of mail\n\n';
    const base = doc(`${db}${web('2')}      env: { A: "2" }\n${between}  mail: { source: { type: docker, image: mail }, run: { type: docker } }\n`);
    expect(yamlOf(splice(base, doc(`${web('1')}      # as it was\n      ports: ["80:80"]\n\n# gone\n${db}`)))).toBe(
      doc(`${db}${web('1')}      # as it was\n      ports: ["80:80"]\n${between}  mail: { source: { type: docker, image: mail }, run: { type: docker } }\n`));
  });

  test.each([
    ['the last of the document', `${head}${tail}components:\n${db}${web('2').trimEnd()}`, doc(web('1') + db), `${head}${tail}components:\n${db}${web('1').trimEnd()}`],
    ['another indentation', doc(db + web('2')), doc((web('1', '      command: |\n        one\n          two\n') + db).replaceAll(/^ +/gm, (spaces) => spaces + spaces)), doc(db + web('1', '      command: |\n        one\n          two\n').replaceAll(/^ {3,}/gm, (spaces) => `  ${' '.repeat((spaces.length - 2) * 2)}`))],
    ['less indentation', doc((db + web('2')).replaceAll(/^ +/gm, (spaces) => spaces + spaces)), doc(db + web('1')), doc(db.replaceAll(/^ +/gm, (spaces) => spaces + spaces) + web('1').replaceAll(/^ {2}/gm, '    '))],
    ['a section between braces', doc(db + web('2')), doc(`  web: { source: { type: docker, image: nginx }, # here\n    run: { type: docker } }\n${db}`), doc(`${db}  web: { source: { type: docker, image: nginx }, # here\n    run: { type: docker } }\n`)],
    ['into braces', `${head}components: { db: {source: {type: docker, image: pg}, run: {type: docker}},  web: {source: {type: docker, image: nginx}, run: {type: docker}} } # all\n${tail}`, doc('  web: {source: {type: docker, image: nginx, tag: "1"}, run: {type: docker}}\n' + db), `${head}components: { db: {source: {type: docker, image: pg}, run: {type: docker}},  web: {source: {type: docker, image: nginx, tag: "1"}, run: {type: docker}} } # all\n${tail}`],
    ['lines of Windows', doc(db + web('2')).replaceAll('\n', '\r\n'), doc(web('1') + db).replaceAll('\n', '\r\n'), doc(db + web('1')).replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${doc(db + web('2'))}`, `\uFEFF${doc(web('1') + db)}`, `\uFEFF${doc(db + web('1'))}`],
    ['a quoted key', doc(db + web('2').replace('web:', '"web" :')), doc(web('1') + db), doc(db + web('1').replace('web:', '"web" :'))],
  ])('%s', (_, base, from, wanted) => {
    expect(yamlOf(splice(base, from))).toBe(wanted);
  });

  test('of lines into braces, the meaning comes, on one line; an octal mode stays what it is', () => {
    const braces = `${head}components: { db: {source: {type: docker, image: pg}, run: {type: docker}}, web: {source: {type: docker, image: nginx}, run: {type: docker}} }\n${tail}`;
    const spliced = yamlOf(splice(braces, doc(web('1', '    config: { templates: [{ source: a, dest: /etc/a, mode: 0o640 }, { source: b, dest: /etc/b, mode: 0640 }] }\n') + db)));
    expect(spliced.split('\n')).toHaveLength(braces.split('\n').length);
    expect(parseDocument(spliced).document?.components['web']?.config.templates.map(({ mode }) => mode)).toEqual([0o640, 0o640]);
  });

  test('an alias of the other version is written out', () => {
    const from = doc(`  db: { source: &i { type: docker, image: postgres }, run: { type: docker } }\n  web: { source: *i, run: { type: docker } }\n`);
    const spliced = splice(doc(db + web('2')), from);
    expect('yaml' in spliced && spliced.document.components['web']?.source).toMatchObject({ image: 'postgres' });
  });
});

describe('what cannot be is refused with its reason', () => {
  const mail = '  mail: { source: { type: docker, image: mail }, run: { type: docker } }\n';
  const defaults = (tag: string): string => `${head}defaults: { component: { deploy_mode: ${tag} } }\n`;
  test.each([
    ['a version without it', doc(db + web('2')), doc(mail).replace('[db, web]', '[mail]'), 'not_found: v1 has no component "web"'],
    ['an active version without it', doc(db).replace('[db, web]', '[db]'), doc(db + web('1')), 'not_found: v3, which is active, places no component "web"'],
    ['a component that is placed nowhere now', doc(db + web('2')).replace('[db, web]', '[db]'), doc(db + web('1')), 'not_found: v3, which is active, places no component "web"'],
    ['what it depended on is gone', doc(db + web('2')), doc(db + mail + web('1', '    depends_on: [db, mail]\n')).replace('[db, web]', '[db, web, mail]'), 'dependency_missing: web of v1 depends on mail, which v3 does not have any more'],
    ['a circle', doc(`${db.replace('}}', '}, depends_on: [web]}')}${web('2')}`), doc(db + web('1', '    depends_on: [db]\n')), 'validation_error: web of v1 cannot stand in v3: components wait for each other in a circle: db → web → db'],
    ['other defaults', doc(db + web('2'), defaults('hot')), doc(db + web('1'), defaults('cold')), 'conflict: web of v1 cannot stand in v3 without a change of its deploy_mode, since defaults.component has changed'],
    ['another component that refers to it', doc(`  web: { source: &i { type: docker, image: nginx }, run: { type: docker } }\n  db: { source: *i, run: { type: docker } }\n`), doc(db + web('1')), 'validation_error: web of v1 cannot stand in v3: there is no &i before this alias'],
    ['a section that is written as nothing else is', doc(`${db}  ? web\n  : { source: { type: docker, image: nginx }, run: { type: docker } }\n`), doc(db + web('1')), 'conflict: web of v1 cannot stand in v3: its section is not written as "web:" below "components:"'],
    ['what cannot be read', doc(db + web('2')), doc(`${db}${web('1')}    wrong: 1\n`), 'validation_error: v1 cannot be read by this version of Maestro'],
  ])('%s', (_, base, from, wanted) => {
    expect(refusal(splice(base, from))).toContain(wanted);
  });

  test.each(['constructor', 'toString', '__proto__', ''])('the name %p is nobody’s', (name) => {
    expect(refusal(splice(doc(db + web('2')), doc(db + web('1')), name))).toContain('not_found');
  });
});

describe('of any two documents, written in any style', () => {
  interface Doc { components: Record<string, unknown>; defaults?: unknown }
  const isRead = (value: unknown): boolean => parseDocument(JSON.stringify(value)).document !== null;
  const known = [...recipes, everyKey].map((text) => parse(text) as Doc);
  const generated = Array.from({ length: 2200 }, (_, index) => generatedDocument(new Random(31, index)) as Doc).filter(isRead);
  const commented = (text: string, random: Random): string => (random.once(2) ? text : text.replaceAll(/^( *)([a-z0-9-]+:)$/gm, (whole, spaces: string) => (random.once(3) ? `${spaces}# here\n${whole} # there` : whole)));

  test('the component is as it was, all else is as it is, and so is its text', () => {
    let made = 0;
    for (const [index, value] of [...known, ...known, ...generated].entries()) {
      const random = new Random(32, index);
      const other = random.pick([...known, ...generated]);
      const id = random.pick(Object.keys(value.components));
      const then: Doc = { ...value, components: { ...value.components, [id]: random.pick(Object.values(other.components)) } };
      if (!isRead(then)) continue;
      const [base, from] = [commented(printed(value, random), random), commented(printed(then, random), random)];
      const [now, before] = [parseDocument(base).document, parseDocument(from).document];
      if (now === null || before === null) throw new Error(`a comment has broken ${base}`);
      const spliced = splice(base, from, id);
      if ('refused' in spliced) {
        if (/places no component/.test(spliced.refused.message)) continue;
        throw new Error(`${spliced.refused.message}\n${base}\n${from}`);
      }
      made += 1;
      expect(isDeepStrictEqual(parseDocument(spliced.yaml).document, { ...now, components: { ...now.components, [id]: before.components[id] } })).toBe(true);
      // What is not of the section came through to the byte: with the section put back, all of it is as before.
      expect(yamlOf(splice(spliced.yaml, base, id))).toBe(base);
    }
    expect(made).toBeGreaterThan(100);
  });
});
