/** Templates: the names they see, in which order they are filled in, and that nothing undefined is ever silent. */
import { allowedEnv } from '../../control/rendering/context.js';
import { small } from '../spec/marked.js';
import { complaintsOf, document, expectInvalid, fileComplaints, fileOf, placementsOf, validated, valueOf } from './bundle.js';

describe('names in scope', () => {
  test.each([
    [`{{ hosts['h1'].address }}`, '10.0.0.1'], ['{{ hosts.h1.port }}', '22'], ['{{ hosts[host_id].user }}', 'deploy'], [`{{ hosts.h1.tags | join('+') }}`, 'ssd+eu'],
    [`{{ components['web'].run.container_name }}`, 'the-web'], ['{{ component.run.container_name }}', 'the-web'], ['{{ component_id }}', 'web'], ['{{ host_id }}', 'h1'], ['{{ source.image }}:{{ source.tag }}', 'nginx:1.27'],
    ['{{ config.vars.name }}', 'shop'], ['{{ vars.name }}', 'shop'], ['{{ vars.list[1] }}', 'b'], ['{{ vars.map.key }}', 'v'], ['{{ vars.number + 1 }}', '42'], ['{{ vars.off }}', 'false'], ['{{ env.REGION }}', 'eu-1'],
    ['{{ vars.list | length }}', '2'], ['{{ vars.name | upper }}', 'SHOP'], ['{% for x in vars.list %}{{ loop.index }}{{ x }}{% endfor %}', '1a2b'], [`{{ 'y' if vars.off else 'n' }}`, 'n'], [`{{ vars.name == 'shop' and not vars.off }}`, 'true'],
    [`{{ vars['name'] }}`, 'shop'], [`{% set x = vars.number * 2 %}{{ x }}`, '82'], ['{{ "{{" }}', '{{'], ['{% raw %}{{ not this }}{% endraw %}', '{{ not this }}'], [`{{ vars.name.split('o')[0] }}`, 'sh'],
  ])('%s is %s', async (expression, expected) => {
    expect(await valueOf(expression, { vars: { name: 'shop', list: ['a', 'b'], map: { key: 'v' }, number: 41, off: false } }, {}, { REGION: 'eu-1' })).toBe(expected);
  });
  test('each host has its own', async () => {
    const placements = await placementsOf(document({ hosts: ['h1', 'h2'], env: { A: '{{ host_id }} {{ hosts[host_id].address }} {{ vars.me }}' }, vars: { me: '<{{ host_id }}>' } }));
    expect(placements.map(({ host, run }) => [host, run.env['A']])).toEqual([['h1', 'h1 10.0.0.1 <h1>'], ['h2', 'h2 10.0.0.2 <h2>']]);
  });
  test('of the environment only what the allow-list names', async () => {
    expect(allowedEnv({ MAESTRO_TEMPLATE_ENV: 'REGION, EMPTY,,MISSING', REGION: 'eu', EMPTY: '', SECRET_KEY: 'x', PATH: '/bin' })).toEqual({ REGION: 'eu', EMPTY: '' });
    expect(allowedEnv({ SECRET_KEY: 'x' })).toEqual({});
    expect(await complaintsOf('{{ env.PATH }}')).toEqual(['"env.PATH" is not defined']);
  });
});

describe('what is not defined is an error with its name, wherever it stands', () => {
  const cases: [expression: string, message: string][] = [
    ['{{ nope }}', '"nope" is not defined'], ['{{ vars.nope }}', '"vars.nope" is not defined'], [`{{ hosts['db-9'].address }}`, '"hosts.db-9" is not defined'], ['{{ vars.nope.deeper }}', '"vars.nope" is not defined'], ['{{ vars.list[7] }}', '"vars.list.7" is not defined'],
    ['{{ vars.nope | upper }}', '"vars.nope" is not defined'], ['{{ vars.nope | length }}', '"vars.nope" is not defined'], ['{% if vars.nope %}x{% endif %}', '"vars.nope" is not defined'], ['{% for x in vars.nope %}{% endfor %}', '"vars.nope" is not defined'],
    [`{{ 'a' ~ vars.nope }}`, '"vars.nope" is not defined'], ['{{ vars.nope == 1 }}', '"vars.nope" is not defined'], ['{{ vars.nope.x | default(1) }}', '"vars.nope" is not defined'], ['{{ vars.name.nope }}', '"vars.name.nope" is not defined'],
    ['{{ nope() }}', '"nope" is not defined'], ['{{ vars.name() }}', 'Unable to call `vars["name"]`, which is not a function'], ['{{ vars.empty }}', 'there is nothing to write: the value is null'], ['{{ hosts }}', 'a map cannot be written: write one of its members, or use the filter dump'],
    ['{{ range }}', 'a function cannot be written'], ['{{ secrets.nope }}', '"secrets.nope" is not defined'], ['{{ toString }}', '"toString" is not defined'], ['{{ 1 | nope }}', 'filter not found: nope'], ['{{ 1 is nope }}', 'test not found: nope'], ['{{ vars.', 'it ends in the middle of an expression'], ['{{ a b }}', 'expected variable end'], ['{% if %}', 'unexpected token: %}'],
  ];
  test.each(cases)('%s', async (expression, message) => {
    expect(await complaintsOf(expression, { vars: { name: 'shop', list: ['a'], empty: null } })).toEqual([message]);
  });
  test.each([['{{ vars.nope | default("d") }}', 'd'], ['{{ nope | d("d") }}', 'd'], ['{{ "y" if vars.nope is defined else "n" }}', 'n'], ['{{ "y" if nope is undefined else "n" }}', 'y'], ['{{ vars.name | default("d") }}', 'shop'], ['{{ "y" if vars.empty is none else "n" }}', 'y']])('but %s may ask: %s', async (expression, expected) => {
    expect(await valueOf(expression, { vars: { name: 'shop', empty: null } })).toBe(expected);
  });
  test('at the line and column of the string', async () => {
    await expectInvalid(small({ run: 'type: docker, env: { A: x, B: ▸"{{ vars.nope }}" }' }), { path: 'components.web.run.env.B', message: /^"vars.nope" is not defined$/, fix: /names in scope are hosts,/ });
  });
  test('the same mistake on every host is told once', async () => {
    expect((await validated(document({ hosts: ['h1', 'h2', 'h3'], env: { A: '{{ nope }}' } }))).errors).toHaveLength(1);
  });
  test('what could not be rendered is not complained about a second time', async () => {
    expect((await validated(document({ run: { ports: ['{{ nope }}:80'], container_name: '{{ nope }}' } }))).errors.map(({ path }) => path).sort()).toEqual(['components.web.run.container_name', 'components.web.run.ports[0]']);
  });
});

describe('order', () => {
  test('variables see hosts and each other, whatever the order they are written in, and filters see the value', async () => {
    const vars = { length: '{{ vars.url | length }}', url: 'http://{{ vars.host | upper }}/{{ vars.path }}', host: '{{ hosts.h1.address }}', path: '{% if true %}p{% endif %}' };
    expect(await valueOf('{{ vars.url }} {{ vars.length }}', { vars })).toBe('http://10.0.0.1/p 17');
  });
  test('variables do not see the component, and every other string does', async () => {
    const { errors } = await validated(document({ vars: { A: '{{ component.run.container_name }}', B: '{{ source.image }}' } }));
    expect(errors.map(({ path, message }) => `${path}: ${message}`)).toEqual(['components.web.config.vars.A: "component" is not defined', 'components.web.config.vars.B: "source" is not defined']);
  });
  test('a string that is a template itself is rendered before it is used', async () => {
    expect(await valueOf('{{ component.run.container_name }} {{ source.tag }}', { vars: { n: '7' }, run: { container_name: 'web-{{ vars.n }}' }, component: { source: { type: 'docker', image: 'nginx', tag: '1.{{ vars.n }}' } } })).toBe('web-7 1.7');
    const [placement] = await placementsOf(document({ vars: { n: '7' }, component: { source: { type: 'docker', image: 'nginx', tag: '1.{{ vars.n }}' } } }));
    expect(placement?.run).toMatchObject({ image: 'nginx:1.7' });
  });
  test('what a variable gives is not rendered a second time', async () => {
    expect(await valueOf('{{ vars.a }}', { vars: { a: `{{ '{{ host_id }}' }}` } })).toBe('{{ host_id }}');
  });
  test('a circle is an error with the whole way round', async () => {
    const { errors } = await validated(document({ vars: { a: '{{ vars.b }}', b: 'x{{ vars.c }}', c: '{{ vars.a }}', ok: 'fine' } }));
    expect(errors.map(({ path }) => path)).toEqual(['components.web.config.vars.a', 'components.web.config.vars.b', 'components.web.config.vars.c']);
    expect(errors[0]?.message).toContain('config.vars.a → config.vars.b → config.vars.c → config.vars.a');
    expect(await complaintsOf('{{ component.run.env.A }}')).toEqual(['these refer to each other in a circle: run.env.A → run.env.A']);
  });
  test('what fails in a variable is told at the variable, and where it is used with its name', async () => {
    const { errors } = await validated(document({ vars: { a: '{{ nope }}' }, env: { A: '{{ vars.a }}' } }));
    expect(errors.map(({ path, message }) => `${path}: ${message}`).sort()).toEqual(['components.web.config.vars.a: "nope" is not defined', 'components.web.run.env.A: config.vars.a: "nope" is not defined']);
  });
  test('another component that is a template is not given half-rendered', async () => {
    const others = { db: { run: { type: 'docker', image: 'x', container_name: 'db-{{ host_id }}', env: { PLAIN: 'p' } } } };
    expect(await valueOf('{{ components.db.run.env.PLAIN }}', { others })).toBe('p');
    expect(await complaintsOf('{{ components.db.run.container_name }}', { others })).toEqual(['components.db.run.container_name is a template itself: it can be used in its own component only']);
  });
});

describe('where templates are', () => {
  test('every string of source, build, run, healthcheck, tests, templates and files', async () => {
    const T = '{{ nope }}';
    const { errors } = await validated(document({
      run: { image: T, container_name: T, ports: [T], volumes: [T], networks: [T], command: ['x', T], env: { A: T } },
      component: { source: { type: 'docker', image: T, tag: T }, build: [{ command: T, env: { B: T }, working_dir: T }], healthcheck: { type: 'http', url: T, expect_body_contains: T }, tests: { t: { command: T } }, config: { templates: [{ source: 't.j2', dest: T, owner: T }], files: [{ source: T, dest: T }] } },
    }), { 't.j2': '' });
    expect(errors.map(({ path }) => path.replace('components.web.', '')).sort()).toEqual([
      'build[0].command', 'build[0].env.B', 'build[0].working_dir', 'config.files[0].dest', 'config.files[0].source', 'config.templates[0].dest', 'config.templates[0].owner', 'healthcheck.expect_body_contains', 'healthcheck.url',
      'run.command[1]', 'run.container_name', 'run.env.A', 'run.image', 'run.networks[0]', 'run.ports[0]', 'run.volumes[0]', 'source.image', 'source.tag', 'tests.t.command',
    ]);
  });
  test('not keys, ids, descriptions and metrics, and a shell\'s ${#x} is no comment', async () => {
    const { errors } = await validated(document({ env: { A: '${#x} {# not a comment' }, component: { description: '{{ nope }}', metrics: { endpoint: '{{ nope }}' } } }));
    expect(errors).toEqual([]);
    expect(await valueOf('${#x} {# not a comment')).toBe('${#x} {# not a comment');
  });
  test('the port of a health check may be one; what it gives must be a port', async () => {
    const check = (port: string): string => document({ vars: { port: 8080, word: 'http' }, component: { healthcheck: { type: 'tcp', port } } });
    expect((await placementsOf(check('{{ vars.port }}')))[0]?.healthcheck).toMatchObject({ port: 8080 });
    expect((await validated(check('{{ vars.word }}'))).errors).toMatchObject([{ path: 'components.web.healthcheck.port', message: '"http" is not a port' }]);
  });
  test('a rendered value is checked like a written one: no line of a unit, no path out of bounds', async () => {
    const unit = document({ vars: { evil: '/bin/a\nExecStartPre=/bin/evil', up: '../../etc' }, component: { source: undefined, run: { type: 'systemd', command: '{{ vars.evil }}', user: '{{ vars.evil }}', working_directory: '/opt/{{ vars.up }}' }, config: { vars: { evil: '/bin/a\nUser=root', up: '../../etc' }, templates: [{ source: 't.j2', dest: '/etc/{{ vars.up }}/x' }] } } });
    const { ok, errors } = await validated(unit, { 't.j2': '' });
    expect({ ok, told: errors.map(({ path }) => path.replace('components.web.', '')).sort() }).toEqual({ ok: false, told: ['config.templates[0].dest', 'run.command', 'run.user', 'run.working_directory'] });
  });
});

describe('template files', () => {
  const files = { 'lib/macros.j2': '{% macro line(k, v="none") %}{{ k }}={{ v }}\n{% endmacro %}', 'part.txt': 'part of {{ site }} for {{ host_id }}', 'base.j2': '[{% block body %}default{% endblock %}]', 'nested.txt': '{% include "./part.txt" %}!' };
  const vars = { site: 'shop', port: 80, names: ['a', 'b'], host_id: 'shadow' };

  test.each([
    ['{{ site }}:{{ port + 1 }}', 'shop:81'], ['{{ vars.site }} {{ config.vars.site }}', 'shop shop'], ['{{ host_id }} {{ vars.host_id }}', 'h1 shadow'], ['a\n{{ site }}\n', 'a\nshop\n'], ['<{{ "<&>" }}>', '<<&>>'], ['{# gone #}x', 'x'],
    ['{% for n in names %}{{ n }}{% if not loop.last %},{% endif %}{% endfor %}', 'a,b'], ['{% import "lib/macros.j2" as m %}{{ m.line("x", 1) }}{{ m.line("y") }}', 'x=1\ny=none\n'], ['{% from "lib/macros.j2" import line %}{{ line(site) }}', 'shop=none\n'],
    ['{% include "part.txt" %}', 'part of shop for h1'], ['{% include "nested.txt" %}', 'part of shop for h1!'], ['{% extends "base.j2" %}{% block body %}mine{% endblock %}', '[mine]'], ['{% macro f(a) %}{% if a %}y{% else %}n{% endif %}{% endmacro %}{{ f() }}{{ f(1) }}', 'ny'],
    ['plain text without a mark', 'plain text without a mark'], ['', ''], ['{{ names | dump }}', '["a","b"]'], ['{% set total = 0 %}{% for n in names %}{% set total = total + 1 %}{% endfor %}{{ total }}', '2'], ['é{{ "ü" }}😀', 'éü😀'],
  ])('%j gives %j', async (template, expected) => {
    expect(await fileOf(template, { vars }, files)).toBe(expected);
  });
  test.each([
    ['a\nb\n{{ nope }}', 't.j2: "nope" is not defined (line 3)'], ['a\n{{ vars.nope | upper }}', 't.j2: "vars.nope" is not defined (line 2)'], ['{% include "bad.txt" %}', 't.j2: bad.txt: "nope" is not defined (line 2)'], ['{% include "none.txt" %}', 't.j2: the bundle has no text file "none.txt"'],
    ['x\n\n{{ a b }}', 't.j2: expected variable end (line 3)'], ['{% for x in names %}', 't.j2: unexpected end of file'],
  ])('%j is told with its line', async (template, message) => {
    expect((await fileComplaints(template, { vars }, { ...files, 'bad.txt': '\n{{ nope }}' }))[0]).toBe(message);
  });
  test('a file that is not there, and one that is no text, are told apart', async () => {
    expect(await validated(document({ component: { config: { templates: [{ source: 'a.j2', dest: '/etc/a' }] } } }))).toMatchObject({ errors: [{ path: 'components.web.config.templates[0].source', message: 'the bundle has no file "a.j2"' }] });
  });
  test('the name of a template may be a template', async () => {
    const config = { vars: { kind: 'prod' }, templates: [{ source: 'conf/{{ vars.kind }}.j2', dest: '/etc/{{ vars.kind }}' }] };
    expect((await placementsOf(document({ component: { config } }), { 'conf/prod.j2': 'x' }))[0]?.files).toMatchObject([{ path: '/etc/prod', size: 1, mode: 0o640, origin: 'template' }]);
    expect((await validated(document({ component: { config } }))).errors).toMatchObject([{ message: 'the bundle has no file "conf/prod.j2"' }]);
  });
});

describe('secrets (X-02)', () => {
  const secrets = { TOKEN: '{{ vault://app/token }}' };
  const codes = async (text: string, files = {}): Promise<string[]> => {
    const { errors, warnings } = await validated(text, files);
    return [...errors, ...warnings].map(({ code, path }) => `${code} ${path.replace('components.web.', '')}`).sort();
  };
  test('are never blank: one that is not in the vault is an error by its path, and by nothing else', async () => {
    expect(await codes(document({ secrets, env: { A: '{{ secrets.TOKEN }}' } }))).toEqual(['validation_error config.secrets.TOKEN']);
    expect(await codes(document({ env: { A: '{{vault://app/token}}', B: '{{- vault://x }}' } }))).toEqual(['validation_error run.env.A', 'validation_error run.env.B']);
    for (const template of ['{{ TOKEN }}', '{{ secrets.TOKEN }}', '{{ config.secrets.TOKEN }}', '{% if TOKEN %}{% endif %}', '{{ component.config.secrets.TOKEN }}']) {
      const text = document({ component: { config: { secrets, templates: [{ source: 't.j2', dest: '/etc/t' }] } } });
      expect(await codes(text, { 't.j2': template })).toEqual(['validation_error config.secrets.TOKEN']);
    }
  });
  test('where they would show in process lists or logs are an error', async () => {
    const S = '{{ vault://app/token }}';
    expect(await codes(document({ vars: { v: S }, run: { command: `serve --token ${S}`, container_name: S }, component: { healthcheck: { type: 'http', url: `http://x/${S}` } } }))).toEqual([
      'validation_error config.vars.v', 'validation_error healthcheck.url', 'validation_error run.command', 'validation_error run.container_name',
    ]);
  });
});
