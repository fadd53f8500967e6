/** What the wizard writes, without a browser: answers to documents, and changes of documents that keep everything else. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseDocument } from '../../spec/document/index.js';
import { addComponentAnswers, newDeployAnswers, noAnswers, sourceKinds, healthKinds, strategies, type Answers } from '../../web/src/features/wizard/model/answers.js';
import { answersOf, canUpgrade, readBase, type Base } from '../../web/src/features/wizard/model/base.js';
import { documentOf, initialAnswers } from '../../web/src/features/wizard/model/begin.js';
import { changedLines, firstDifference } from '../../web/src/features/wizard/model/changed-lines.js';
import { decodeDraft, draftKey, encodeDraft, looksSecret } from '../../web/src/features/wizard/model/draft.js';
import { fieldOf, fieldProblems } from '../../web/src/features/wizard/model/field-problems.js';
import { missingAnswers } from '../../web/src/features/wizard/model/missing-answers.js';
import { commentsOf, patched, PatchRefused } from '../../web/src/features/wizard/model/patch.js';
import { rebased } from '../../web/src/features/wizard/model/rebase.js';
import { healthUrl, publishedPort, runName, sectionOf } from '../../web/src/features/wizard/model/section.js';
import { stepAfter, stepBefore, stepNamed, stepsOf } from '../../web/src/features/wizard/model/steps.js';
import { newDocument, upgraded, withComponent, type Written } from '../../web/src/features/wizard/model/write.js';
import { flowText } from '../../web/src/features/wizard/model/yaml-text.js';

const recipe = (file: string): string => readFileSync(new URL(`../recipes/${file}`, import.meta.url), 'utf8');
const baseOf = (yaml: string): Base => {
  const base = readBase(yaml);
  if (base === null) throw new Error('it cannot be read');
  return base;
};
const textOf = (written: Written): string => {
  if ('refused' in written) throw new Error(written.refused);
  return written.yaml;
};
const validated = (yaml: string) => {
  const { document, errors } = parseDocument(yaml);
  expect(errors).toEqual([]);
  if (document === null) throw new Error('it is not valid');
  return document;
};

const database: Answers = {
  ...newDeployAnswers, project: 'demo-stack', component: 'db', image: 'postgres', tag: '16', name: 'demo-db', ports: '5432:5432', hosts: ['app-01'], addresses: { 'app-01': '10.0.0.20' },
  env: [{ name: 'POSTGRES_DB', value: 'demoapp', secret: false }, { name: 'POSTGRES_USER', value: 'demoapp', secret: false }, { name: 'POSTGRES_PASSWORD', value: 'changeme', secret: false }],
  health: 'tcp', health_start_period: '20s',
};
const api: Answers = {
  ...addComponentAnswers('demo-stack', ['app-01']), component: 'api', depends_on: ['db'], image: 'ghcr.io/acme/api', tag: 'v1.5', name: 'demo-api', ports: '8080:8080',
  env: [{ name: 'DATABASE_URL', value: 'postgres://demoapp:changeme@localhost:5432/demoapp', secret: false }], health_url: '/health',
};

describe('a new deploy', () => {
  test('all defaults accepted, with one host of that address, are recipe 01 byte for byte', () => {
    expect(newDocument({ ...newDeployAnswers, hosts: ['web-01'], addresses: { 'web-01': '10.0.0.10' } })).toBe(recipe('01-hello-nginx.yaml'));
  });

  test('a host without an address has none in the document', () => {
    expect(newDocument({ ...newDeployAnswers, hosts: ['web-01'] })).toBe(recipe('01-hello-nginx.yaml').replace('    address: 10.0.0.10\n', ''));
  });

  test('more than one host is a group with its strategy', () => {
    const { deployment } = validated(newDocument({ ...newDeployAnswers, hosts: ['a', 'b'], strategy: 'parallel' }));
    expect(deployment).toEqual([expect.objectContaining({ hosts: ['a', 'b'], components: ['web'], strategy: 'parallel' })]);
  });

  test('everything but an image runs as a unit', () => {
    const units: Partial<Answers>[] = [{ source: 'git', repo: 'https://github.com/acme/api.git', ref: '1.10' }, { source: 'archive', archive: '/srv/api.tar.gz' }, { source: 'artifact', artifact: 'a'.repeat(64) }, { source: 'none' }];
    for (const unit of units) {
      const { components } = validated(newDocument({ ...newDeployAnswers, ...unit, hosts: ['a'], command: '/usr/bin/api', user: 'deploy', restart: 'always', health: 'none' }));
      expect(components.web?.run).toMatchObject({ type: 'systemd', unit_name: 'hello-web', command: '/usr/bin/api', user: 'deploy', restart: 'always' });
    }
  });

  test('a secret is a reference to the vault, and never its value', () => {
    const env = [{ name: 'DB_PASSWORD', value: 'db/password', secret: true }];
    const yaml = newDocument({ ...newDeployAnswers, hosts: ['a'], env, credentials: 'registry/ghcr' });
    expect(validated(yaml).components.web).toMatchObject({ run: { env: { DB_PASSWORD: '{{ vault://db/password }}' } }, source: { credentials_ref: 'vault://registry/ghcr' } });
  });

  test('names, ports and addresses that were left empty follow from the others', () => {
    expect([['hello-web', 'web'], ['shop', 'api'], ['web', 'web'], ['', 'web']].map(([project = '', component = '']) => runName({ name: '', project, component }))).toEqual(['hello-web', 'shop-api', 'web', 'web']);
    expect(['80:80', '127.0.0.1:8080:80/tcp', '', '80', '53:53/udp'].map(publishedPort)).toEqual(['80', '8080', '', '', '53']);
    const url = (health_url: string, ports: string, health_port = ''): string => healthUrl({ health_url, ports, health_port });
    expect([url('/', '80:80'), url('health', '8080:80'), url('/x', '', '9'), url('https://a/b', '80:80')]).toEqual(['http://localhost/', 'http://localhost:8080/health', 'http://localhost:9/x', 'https://a/b']);
  });

  test('whatever is typed stands in the document as it was typed', () => {
    const typed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.trim()).filter((text) => text !== '' && !/\p{Cc}|\p{Cs}/u.test(text));
    fc.assert(fc.property(typed, typed, fc.array(typed, { maxLength: 3 }), (image, value, ports) => {
      const { components: { web } } = parse(newDocument({ ...newDeployAnswers, hosts: ['a'], image, tag: value, ports: ports.join('\n'), env: [{ name: 'A', value, secret: false }] })) as { components: { web: { source: unknown; run: { ports?: string[]; env: unknown } } } };
      expect(web.source).toEqual({ type: 'docker', image, tag: value });
      expect(web.run).toMatchObject({ env: { A: value }, ...(ports.length > 0 ? { ports } : {}) });
    }));
  });
});

describe('adding a component', () => {
  const first = newDocument(database);

  test('to a database gives recipe 02: an API that depends on it, on the same host', () => {
    const made = validated(textOf(withComponent(baseOf(first), api)));
    const { components, ...rest } = validated(recipe('02-api-postgres.yaml'));
    expect(made).toEqual({ ...rest, components: { db: { ...components.db, run: { ...components.db?.run, restart: 'unless-stopped' }, healthcheck: components.db?.healthcheck }, api: components.api } });
  });

  test('to recipe 02 as people write it touches two places, and comments and order stay', () => {
    const yaml = recipe('02-api-postgres.yaml').replace('  db:\n', '  # Keeps everything.\n  db: # the database\n').replace('deployment:', '\n# Where\ndeployment:');
    const made = textOf(withComponent(baseOf(yaml), { ...api, component: 'cache', depends_on: [], image: 'redis', tag: '7', name: '', ports: '6379:6379', env: [], health: 'tcp' }));
    const lines = changedLines(yaml, made).filter(({ kind }) => kind !== 'same');
    expect(lines.filter(({ kind }) => kind === 'removed').map(({ text }) => text)).toEqual(['    components: [db, api]']);
    expect(lines.filter(({ kind }) => kind === 'added').map(({ text }) => text)).toEqual(['  cache:', '    source:', '      type: docker', '      image: redis', '      tag: "7"', '    run:', '      type: docker', '      container_name: demo-stack-cache', '      ports: ["6379:6379"]', '      restart: unless-stopped', '    healthcheck:', '      type: tcp', '      port: 6379', '    components: [db, api, cache]']);
    expect(commentsOf(made)).toEqual(commentsOf(yaml));
  });

  test('on other hosts makes them known, with a binding of their own', () => {
    const made = validated(textOf(withComponent(baseOf(first), { ...api, hosts: ['app-01', 'app-02'], addresses: { 'app-02': '10.0.0.21' }, strategy: 'canary' })));
    expect(made.hosts['app-02']?.address).toBe('10.0.0.21');
    expect(made.deployment.map(({ hosts, host, strategy, components }) => [hosts ?? host, components, strategy])).toEqual([['app-01', ['db'], 'sequential'], [['app-01', 'app-02'], ['api'], 'canary']]);
  });

  test('joins a group of the same hosts only when it goes the same way', () => {
    const group = newDocument({ ...database, hosts: ['a', 'b'], strategy: 'parallel' });
    const bindings = (strategy: Answers['strategy']): unknown => validated(textOf(withComponent(baseOf(group), { ...api, hosts: ['b', 'a'], strategy }))).deployment.map(({ components }) => components);
    expect(bindings('parallel')).toEqual([['db', 'api']]);
    expect(bindings('sequential')).toEqual([['db'], ['api']]);
  });

  test('of a name that is taken, or of none, changes nothing', () => {
    for (const component of ['db', '', ' ']) expect(textOf(withComponent(baseOf(first), { ...api, component }))).toBe(first);
  });
});

describe('changing a component', () => {
  const written = `# The stack
project: demo
hosts:
  app-01: { address: 10.0.0.1 } # rack 3
components:
    db: { source: { type: docker, image: postgres, tag: '16' }, run: { type: docker } } # stays
    # The API
    api:
        source:
            type: docker
            image: acme/api # ours
            tag: v1 # pinned
        run:
            type: docker
            networks: [back]
            ports:
                - 8080:8080 # http
                - "9090:9090"
            env:
                # How much it says
                LEVEL: info
                VERSION: 1.10
        tests: { smoke: { command: "true" } }
        on_failure: rollback

# Where
deployment:
  - hosts: [app-01]
    components: [db, api]
`;
  const now = answersOf(baseOf(written), 'api');
  const change = (patch: Partial<Answers>): string => textOf(upgraded(baseOf(written), { ...now, ...patch }));

  test('without another answer, nothing', () => {
    for (const file of ['01-hello-nginx.yaml', '02-api-postgres.yaml', '03-templates-secrets.yaml', '04-multi-host.yaml']) {
      const base = baseOf(recipe(file));
      for (const component of base.components.filter((name) => canUpgrade(base, name))) expect(textOf(upgraded(base, answersOf(base, component)))).toBe(base.yaml);
    }
  });

  test('another tag is one word of the document', () => {
    expect(change({ tag: 'v2' })).toBe(written.replace('tag: v1 #', 'tag: v2 #'));
  });

  test('numbers that are text keep their digits, and the quotes of a tag their kind', () => {
    expect(now.env).toEqual([{ name: 'LEVEL', value: 'info', secret: false }, { name: 'VERSION', value: '1.10', secret: false }]);
    const base = baseOf(written);
    expect(textOf(upgraded(base, { ...answersOf(base, 'db'), tag: '17' }))).toBe(written.replace("'16'", "'17'"));
  });

  test('a port more, a port less, another port: the others keep their line and comment', () => {
    expect(change({ ports: '8081:8080\n9090:9090\n53:53/udp' })).toBe(written.replace('- 8080:8080', '- 8081:8080').replace('- "9090:9090"\n', '- "9090:9090"\n                - "53:53/udp"\n'));
    expect(change({ ports: '8080:8080' })).toBe(written.replace('                - "9090:9090"\n', ''));
  });

  test('a variable that goes leaves the comment that stood above it', () => {
    expect(change({ env: now.env.slice(1) })).toBe(written.replace('                LEVEL: info\n', ''));
  });

  test('what the wizard has no field for is still there', () => {
    const { components, ...rest } = parse(change({ tag: '2.0', env: [], ports: '', name: 'demo', health: 'tcp', health_port: '8080', depends_on: ['db'] })) as { components: Record<string, Record<string, unknown>> };
    const { components: before, ...restBefore } = parse(written) as typeof rest & { components: Record<string, unknown> };
    expect(rest).toEqual(restBefore);
    expect(components.db).toEqual(before.db);
    expect(components.api).toMatchObject({ tests: { smoke: { command: 'true' } }, on_failure: 'rollback', run: { networks: ['back'], container_name: 'demo' }, source: { tag: '2.0' }, depends_on: ['db'] });
  });

  test('what is shared by an anchor is refused, not changed for others as well', () => {
    const shared = written.replace('tag: v1 # pinned', 'tag: &tag v1').replace("tag: '16'", 'tag: *tag').replace(/ {4}db:.*\n/, '').replace('deployment:', 'defaults: { component: { description: *tag } }\ndeployment:');
    const base = baseOf(shared);
    const result = upgraded(base, { ...answersOf(base, 'api'), tag: 'v2' });
    expect('refused' in result || (parse(result.yaml) as { defaults: unknown }).defaults).toEqual('refused' in result ? true : { component: { description: 'v1' } });
  });
});

/** Documents as people write them: comments anywhere, blocks and brackets, empty lines, other line ends. */
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const comment = fc.option(fc.stringMatching(/^[a-z #:'"[\]{}-]{0,12}$/).map((text) => `# ${text}`), { nil: '' });
const writtenDocument = fc.record({ head: comment, names: fc.uniqueArray(word, { minLength: 1, maxLength: 4 }), notes: fc.array(comment, { minLength: 24, maxLength: 24 }), flow: fc.boolean(), gap: fc.boolean(), crlf: fc.boolean(), deep: fc.boolean(), dash: fc.boolean() }).map(({ head, names, notes, flow, gap, crlf, deep, dash }) => {
  let at = 0;
  const note = (): string => { at += 1; const text = notes[at % notes.length] ?? ''; return text === '' ? '' : ` ${text}`; };
  const own = (indent: string): string => { const text = note().trim(); return text === '' ? '' : `${indent}${text}\n`; };
  const step = deep ? '    ' : '  ';
  const component = (name: string): string => (flow
    ? `${own(step)}${step}${name}: { source: { type: docker, image: ${name}, tag: "1" }, run: { type: docker, ports: ["80:80", '81:81'], env: { A: b } } }${note()}\n`
    : `${own(step)}${step}${name}:${note()}\n${step}${step}source:${note()}\n${own(step + step + step)}${step}${step}${step}type: docker\n${step}${step}${step}image: ${name}${note()}\n${step}${step}${step}tag: "1"${note()}\n${step}${step}run:\n${step}${step}${step}type: docker\n${step}${step}${step}ports:${note()}\n${step}${step}${step}${dash ? '' : '  '}- 80:80${note()}\n${own(step + step + step)}${step}${step}${step}${dash ? '' : '  '}- "81:81"${note()}\n${step}${step}${step}env:\n${own(step + step + step + step)}${step}${step}${step}${step}A: b${note()}\n${own(step + step)}`);
  const text = `${head}\napi_version: maestro/v1\nproject: demo${note()}\nhosts:\n  h1: {}${note()}\n${gap ? '\n' : ''}components:${note()}\n${names.map(component).join(gap ? '\n' : '')}${own('')}${gap ? '\n' : ''}deployment:${note()}\n${dash ? '' : '  '}- host: h1${note()}\n${dash ? '' : '  '}  components: [${names.join(', ')}]${note()}\n${own('')}`;
  return { yaml: crlf ? text.replaceAll('\n', '\r\n') : text, names };
});
const answered = fc.record({
  image: word, tag: fc.oneof(word, fc.constantFrom('1.10', 'true', 'null', '0x1F', '')), ports: fc.array(fc.constantFrom('80:80', '81:81', '9000:90'), { maxLength: 4 }).map((ports) => ports.join('\n')),
  env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.oneof(word, fc.constantFrom('1.10', '{{ x }}', '# no', 'a: b', "it's")), secret: fc.boolean() }), { selector: ({ name }) => name }),
  health: fc.constantFrom(...healthKinds), health_command: fc.constant('true'), depends: fc.boolean(), restart: fc.constantFrom('unless-stopped', 'always', 'no'), name: word, volumes: fc.constantFrom('', 'data:/data'),
});
const missingFrom = (before: readonly string[], after: readonly string[]): string[] => {
  const left = [...after];
  return before.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

describe('whatever the document and the answers', () => {
  test('a component that is added says what was answered; every comment and everything else stays, in order', () => {
    fc.assert(fc.property(writtenDocument, answered, fc.constantFrom<string[]>(['h1'], ['h2'], ['h1', 'h2']), ({ yaml, names }, { depends, ...patch }, hosts) => {
      const answers: Answers = { ...addComponentAnswers('demo', hosts), ...patch, component: 'added', depends_on: depends ? names.slice(0, 1) : [] };
      const made = textOf(withComponent(baseOf(yaml), answers));
      const [before, after] = [parse(yaml), parse(made)] as { components: Record<string, unknown>; hosts: object; deployment: { components: string[] }[] }[];
      const { added, ...others } = after?.components ?? {};
      expect(added).toEqual(sectionOf(answers));
      expect(others).toEqual(before?.components);
      expect(Object.keys(after?.components ?? {})).toEqual([...names, 'added']);
      expect(after?.hosts).toMatchObject(before?.hosts ?? {});
      expect(after?.deployment.map(({ components }) => components.filter((name) => name !== 'added')).filter((components) => components.length > 0)).toEqual(before?.deployment.map(({ components }) => components));
      expect(missingFrom(commentsOf(yaml), commentsOf(made))).toEqual([]);
      expect(/(?<!\r)\n/.test(made)).toBe(/(?<!\r)\n/.test(yaml));
    }), { numRuns: 120 });
  });

  test('a component that is changed means what was answered; every comment and everything else stays, in order', () => {
    fc.assert(fc.property(writtenDocument, answered, ({ yaml, names }, { depends, ...patch }) => {
      const [name = ''] = names;
      const base = baseOf(yaml);
      const answers: Answers = { ...answersOf(base, name), ...patch, depends_on: depends ? names.slice(1, 2) : [] };
      const result = upgraded(base, answers);
      if ('refused' in result) return;
      const [before, after] = [parse(yaml), parse(result.yaml)] as Record<'components' | string, Record<string, unknown>>[];
      expect(after?.components?.[name]).toEqual(sectionOf(answers));
      expect({ ...after, components: { ...after?.components, [name]: null } }).toEqual({ ...before, components: { ...before?.components, [name]: null } });
      expect(Object.keys(after?.components ?? {})).toEqual(names);
      expect(missingFrom(commentsOf(yaml), commentsOf(result.yaml))).toEqual([]);
    }), { numRuns: 120 });
  });

  test('a change of documents as people write them is not refused', () => {
    fc.assert(fc.property(writtenDocument, answered, ({ yaml, names: [name = ''] }, { tag, image, env }) => {
      const base = baseOf(yaml);
      expect(upgraded(base, { ...answersOf(base, name), tag, image, env })).toHaveProperty('yaml');
    }), { numRuns: 100 });
  });

  test('what is no document is told as such, and never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom('a: [', '- 1', 'null', '&a *a', 'components: 3\nhosts: x\ndeployment: {}')), (text) => {
      const base = readBase(text);
      if (base !== null) expect(withComponent(base, { ...api, component: 'x' })).toBeDefined();
    }));
  });
});

describe('places in documents', () => {
  test('a line that cannot be changed without another is refused by its path', () => {
    expect(() => patched('a: &x { b: 1 }\nc: *x\n', [{ path: ['c', 'b'], value: 2 }])).toThrow(PatchRefused);
  });

  test('what is missing on the way is made, and a removal of what is not there is nothing', () => {
    expect(patched('a: 1 # one\n', [{ path: ['b', 'c', 'd'], value: ['x'] }])).toBe('a: 1 # one\nb:\n  c:\n    d:\n      - x\n');
    expect(patched('a: 1\n', [{ path: ['b', 'c'], value: undefined }])).toBe('a: 1\n');
    expect(patched('a:\nb: 2\n', [{ path: ['a', 'x'], value: 'y' }])).toBe('a:\n  x: y\nb: 2\n');
    expect(patched('a: {}', [{ path: ['a', 'x'], value: 'y' }])).toBe('a: { x: y }');
  });

  test('a name of JavaScript is a name like others', () => {
    expect(parse(patched('a: 1\n', [{ path: ['constructor', 'b'], value: 'c' }]))).toEqual({ a: 1, constructor: { b: 'c' } });
  });

  test('text inside of brackets reads back as it was', () => {
    fc.assert(fc.property(fc.string({ maxLength: 20 }), fc.constantFrom(undefined, 'QUOTE_SINGLE', 'QUOTE_DOUBLE'), (text, like) => {
      fc.pre(!/[\p{Cc}\p{Cs}\u2028\u2029\u0085\uFEFF]/u.test(text));
      expect(parse(`[${flowText(text, like)}]`)).toEqual([text]);
    }));
  });
});

describe('a beginning', () => {
  const node = (name: string, online: boolean, docker: boolean, address: string | null = null) => ({ name, online, address, facts: { docker } });
  const nodes = [node('off', false, true), node('bare', true, false), node('good', true, true, '10.0.0.9')];

  test('of a new deploy is recipe 01 on the first host that can run it, with the address that it has said', () => {
    const begun = initialAnswers({ entry: 'new', component: null, base: null, nodes });
    expect(documentOf('new', null, begun)).toEqual({ yaml: recipe('01-hello-nginx.yaml').replaceAll('web-01', 'good').replace('10.0.0.10', '10.0.0.9') });
    expect(initialAnswers({ entry: 'new', component: null, base: null, nodes: nodes.slice(0, 2) }).hosts).toEqual(['off']);
    expect(initialAnswers({ entry: 'new', component: null, base: null, nodes: [] }).hosts).toEqual([]);
  });

  test('of one component more is where everything else is, when that is one place; of a change, what is there', () => {
    const one = baseOf(recipe('01-hello-nginx.yaml'));
    expect(initialAnswers({ entry: 'add-component', component: null, base: one, nodes })).toMatchObject({ project: 'hello-web', hosts: ['web-01'], component: '', image: '' });
    expect(initialAnswers({ entry: 'add-component', component: null, base: baseOf(recipe('04-multi-host.yaml')), nodes }).hosts).toEqual([]);
    expect(initialAnswers({ entry: 'upgrade-component', component: 'web', base: one, nodes })).toMatchObject({ component: 'web', image: 'nginx', tag: '1.27-alpine', ports: '80:80', health_url: 'http://localhost/' });
    expect(initialAnswers({ entry: 'upgrade-component', component: 'none', base: one, nodes })).toEqual(noAnswers);
  });

  test('changes nothing', () => {
    const base = baseOf(recipe('02-api-postgres.yaml'));
    for (const entry of ['add-component', 'upgrade-component'] as const) expect(documentOf(entry, base, initialAnswers({ entry, component: 'db', base, nodes }))).toEqual({ yaml: base.yaml });
    expect(documentOf('upgrade-component', null, noAnswers)).toEqual({ yaml: '' });
  });
});

describe('lines', () => {
  test('are told as they are, new or gone; the first that differs is found', () => {
    expect(changedLines('a\nb\n', 'a\nc\nd\n').map(({ text, kind }) => `${kind} ${text}`)).toEqual(['same a', 'removed b', 'added c', 'added d']);
    expect([firstDifference('a\nb', 'a\nc'), firstDifference('a', 'a'), firstDifference('a\nb', 'a')]).toEqual([1, -1, -1]);
  });

  test('of the later text are all there, in order', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '', ' c'), { minLength: 1 }).map((lines) => `${lines.join('\n')}\n`);
    fc.assert(fc.property(text, text, (before, after) => {
      const of = (not: string): string => changedLines(before, after).filter(({ kind }) => kind !== not).map((line) => `${line.text}\n`).join('');
      expect([of('added'), of('removed')]).toEqual([before, after]);
    }));
  });
});

describe('steps and problems', () => {
  test('each way in has its steps, one after the other, and an address of another one leads to the first', () => {
    expect(stepsOf('new')).toEqual(['entry', 'intent', 'source', 'details', 'placement', 'runtime', 'review']);
    expect(stepsOf('upgrade-component')).toEqual(['entry', 'details', 'runtime', 'review']);
    expect([stepAfter('new', 'review'), stepAfter('upgrade-component', 'entry'), stepBefore('new', 'entry'), stepNamed('upgrade-component', 'placement'), stepNamed('new', 'runtime')]).toEqual([null, 'details', null, 'entry', 'runtime']);
  });

  test('what has to be answered is told at its field', () => {
    expect(missingAnswers('new', newDeployAnswers, null)).toEqual({ hosts: expect.any(String) });
    expect(Object.keys(missingAnswers('add-component', { ...addComponentAnswers('demo', []), component: 'db' }, baseOf(newDocument(database))))).toEqual(['component', 'hosts', 'image']);
    expect(Object.keys(missingAnswers('upgrade-component', noAnswers, null))).toEqual(['base', 'upgraded', 'project', 'component', 'image']);
    expect(missingAnswers('new', { ...database, env: [{ name: 'A', value: '', secret: true }] }, null)).toHaveProperty('env');
    expect(missingAnswers('new', { ...database, source: 'none' }, null)).toHaveProperty('command');
  });

  test('what the server says of a document is told at the field that wrote it', () => {
    const answers = { ...database, hosts: ['app-01'] };
    const wrong: [Partial<Answers>, string][] = [[{ image: 'no image' }, 'image'], [{ env: [{ name: '1A', value: '', secret: false }] }, 'env'], [{ depends_on: ['none'] }, 'depends_on'], [{ health_port: '70000' }, 'health_port'], [{ health_start_period: 'soon' }, 'health_start_period'], [{ project: 'x'.repeat(129) }, 'project'], [{ source: 'none', command: 'x', user: ' ' }, '']];
    for (const [patch, field] of wrong) {
      const { errors } = parseDocument(newDocument({ ...answers, ...patch }));
      if (errors.length > 0) expect(Object.keys(fieldProblems(errors, { ...answers, ...patch }))).toContain(field);
    }
    expect(fieldOf({ path: 'components.db.run.ports[0]' }, answers)).toBe('ports');
    expect(fieldOf({ path: 'components.dbx.run' }, answers)).toBeNull();
    expect(fieldOf({ path: 'deployment[0].strategy' }, answers)).toBe('strategy');
    expect(fieldOf({ path: 'hosts.app-01.address' }, answers)).toBe('hosts');
  });
});

describe('a change that goes on from a newer version', () => {
  const entry = (name: string, value: string) => ({ name, value, secret: false });
  const from: Answers = { ...newDeployAnswers, tag: '1', ports: '80:80', env: [entry('A', '1'), entry('B', '1'), entry('C', '1')] };

  test('keeps what somebody else changed meanwhile, and what was answered here', () => {
    const theirs: Answers = { ...from, ports: '81:80', env: [entry('A', '2'), entry('B', '1'), entry('D', '1')] };
    const mine: Answers = { ...from, tag: '2', env: [entry('A', '1'), entry('B', '3'), entry('C', '1'), entry('E', '1')] };
    expect(rebased(from, mine, theirs)).toEqual({ ...from, tag: '2', ports: '81:80', env: [entry('A', '2'), entry('B', '3'), entry('D', '1'), entry('E', '1')] });
    expect(rebased(from, { ...from, env: [] }, theirs).env).toEqual([entry('D', '1')]);
  });

  test('without an answer is what stands there, and on the same version is what was answered', () => {
    const some = fc.record({ tag: fc.string(), ports: fc.string(), env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.string(), secret: fc.boolean() }), { selector: ({ name }) => name }) }).map((patch): Answers => ({ ...newDeployAnswers, ...patch }));
    fc.assert(fc.property(some, some, (one, other) => {
      expect(rebased(one, one, other)).toEqual(other);
      const { env, ...rest } = rebased(one, other, one);
      expect({ ...rest, env: [] }).toEqual({ ...other, env: [] });
      expect(new Set(env.map((item) => JSON.stringify(item)))).toEqual(new Set(other.env.map((item) => JSON.stringify(item))));
    }));
  });

  test('a draft does not blank a secret-like value that the document has', () => {
    const has: Answers = { ...from, env: [entry('DB_PASSWORD', 'there')] };
    const draft = decodeDraft(encodeDraft({ answers: { ...has, tag: '9' }, from: has }));
    expect(draft?.from && rebased(draft.from, draft.answers, has)).toEqual({ ...has, tag: '9' });
  });
});

describe('a draft', () => {
  const anyAnswers: fc.Arbitrary<Answers> = fc.record({ source: fc.constantFrom(...sourceKinds), health: fc.constantFrom(...healthKinds), strategy: fc.constantFrom(...strategies), project: fc.string(), hosts: fc.array(fc.string()), ports: fc.string() }).map((patch) => ({ ...newDeployAnswers, ...patch }));

  test('comes back as it was', () => {
    fc.assert(fc.property(anyAnswers, fc.option(anyAnswers), (answers, from) => { expect(decodeDraft(encodeDraft({ answers, from }))).toEqual({ answers, from }); }));
  });

  test('that cannot be read, or has another shape, is dropped', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null), fc.constant(encodeDraft({ answers: newDeployAnswers, from: null }).replace('"shape":1', '"shape":2'))), (stored) => { expect(decodeDraft(stored)).toBeNull(); }));
  });

  test('keeps no value of a variable that looks like a secret, and is its person\'s alone', () => {
    const env = [{ name: 'POSTGRES_PASSWORD', value: 'hunter2', secret: false }, { name: 'LEVEL', value: 'info', secret: false }, { name: 'TOKEN', value: 'api/token', secret: true }];
    const draft = { answers: { ...newDeployAnswers, env }, from: { ...newDeployAnswers, env } };
    expect(encodeDraft(draft)).not.toContain('hunter2');
    expect(decodeDraft(encodeDraft(draft))?.answers.env.map(({ value }) => value)).toEqual(['', 'info', 'api/token']);
    expect(['PASSWORD', 'db_passwd', 'API_KEY', 'DATABASE_URL', 'AWS_SECRET', 'PORT', 'KEYBOARD'].map(looksSecret)).toEqual([true, true, true, true, true, false, false]);
    expect(new Set([draftKey('ada', 'new', null, null), draftKey('vera', 'new', null, null), draftKey('ada', 'add-component', 'dpl_1', null), draftKey('ada', 'upgrade-component', 'dpl_1', 'web')]).size).toBe(4);
  });
});
