/** Keys that the language does not know, at every level, and keys that are missing. */
import { parseDocument } from '../../spec/document/index.js';
import { expectError, marked, small } from './marked.js';

const health = (check: string): string => small({ component: `    healthcheck: { ${check} }\n` });
const config = (what: string): string => small({ component: `    config: { ${what} }\n` });

describe('an unknown key is an error at the key, with the nearest known one', () => {
  const cases: [level: string, text: string, path: string, meant: string | null][] = [
    ['the document', small({ top: '▸compnents: {}\n' }), 'compnents', 'components'],
    ['the document, by its case', small({ top: '▸Description: x\n' }), 'Description', 'description'],
    ['a host', small({ host: '{ ▸adress: x }' }), 'hosts.h1.adress', 'address'],
    ['the daemon of a host', small({ host: '{ daemon: { ▸endpoint_overide: x } }' }), 'hosts.h1.daemon.endpoint_overide', 'endpoint_override'],
    ['a component', small({ component: '    ▸healtcheck: {}\n' }), 'components.web.healtcheck', 'healthcheck'],
    ['a docker source', small({ source: 'type: docker, image: nginx, ▸pull_polcy: always' }), 'components.web.source.pull_polcy', 'pull_policy'],
    ['a git source', small({ source: 'type: git, repo: "https://x/y.git", ▸rev: main', run: 'type: docker, image: x' }), 'components.web.source.rev', 'ref'],
    ['the sync of a git source', small({ source: 'type: git, repo: "https://x/y.git", sync: { ▸poll_intervall: 5m }', run: 'type: docker, image: x' }), 'components.web.source.sync.poll_intervall', 'poll_interval'],
    ['a build step', small({ component: '    build: [{ command: make, ▸timout: 5s }]\n' }), 'components.web.build[0].timout', 'timeout'],
    ['config', config('▸template: []'), 'components.web.config.template', 'templates'],
    ['a template', config('templates: [{ source: a, dest: /a, ▸moda: 0640 }]'), 'components.web.config.templates[0].moda', 'mode'],
    ['a file', config('files: [{ source: a, dest: /a }, { source: b, dest: /b, ▸stratgy: atomic }]'), 'components.web.config.files[1].stratgy', 'strategy'],
    ['a docker run', small({ run: 'type: docker, ▸port: ["80:80"]' }), 'components.web.run.port', 'ports'],
    ['a systemd run', small({ source: 'type: archive, path: a.tar', run: 'type: systemd, command: /bin/a, ▸usr: x' }), 'components.web.run.usr', 'user'],
    ['the resources of a run', small({ run: 'type: docker, resources: { ▸memmory: 1g }' }), 'components.web.run.resources.memmory', 'memory'],
    ['an http health check', health('type: http, url: "http://x", ▸expect_statuss: 200'), 'components.web.healthcheck.expect_statuss', 'expect_status'],
    ['a tcp health check', health('type: tcp, port: 1, ▸hosts: x'), 'components.web.healthcheck.hosts', 'host'],
    ['reload triggers', small({ component: '    reload_triggers: { ▸codes: hot }\n' }), 'components.web.reload_triggers.codes', 'code'],
    ['a test', small({ component: '    tests: { smoke: { ▸comand: x } }\n' }), 'components.web.tests.smoke.comand', 'command'],
    ['metrics', small({ component: '    metrics: { endpoint: "http://x", ▸allows: [] }\n' }), 'components.web.metrics.allows', 'allow'],
    ['a binding', small({ binding: 'host: h1, components: [web], ▸strateggy: parallel' }), 'deployment[0].strateggy', 'strategy'],
    ['canary', small({ binding: 'host: h1, components: [web], canary: { ▸initial: 0.1 }' }), 'deployment[0].canary.initial', null],
    ['defaults', small({ top: 'defaults: { ▸components: {} }\n' }), 'defaults.components', 'component'],
    ['nothing near', small({ run: 'type: docker, ▸zzzzzz: 1' }), 'components.web.run.zzzzzz', null],
    ['a key of the other type', small({ run: 'type: docker, ▸unit_name: x' }), 'components.web.run.unit_name', null],
  ];
  test.each(cases)('in %s', (_, text, path, meant) => {
    const key = path.split('.').at(-1) ?? '';
    expectError(text, {
      path, message: meant === null ? new RegExp(`^unknown key "${key}"$`) : new RegExp(`^unknown key "${key}" \\(did you mean "${meant}"\\?\\)$`),
      fix: meant === null ? new RegExp(`^Remove "${key}"`) : new RegExp(`^Write "${meant}" instead`),
    });
  });

  test('names of Object.prototype are unknown keys like any other', () => {
    expectError(small({ run: 'type: docker, ▸constructor: 1' }), { path: 'components.web.run.constructor', message: /unknown key/ });
    expectError(small({ run: 'type: docker, ▸__proto__: { type: systemd }' }), { path: 'components.web.run.__proto__', message: /a key cannot be called "__proto__"/ });
  });
  test('what a component has from defaults is shown where it is written, once for all components', () => {
    const place = marked(small({ top: 'defaults:\n  component:\n    run: { ▸restrt: always }\n', component: '    description: one\n' }).replace('deployment:', '  two: { run: { type: docker, image: x } }\ndeployment:'));
    const { errors } = parseDocument(place.text);
    expect(errors).toEqual([expect.objectContaining({ line: place.line, column: place.column, message: expect.stringContaining('"restart"') as string })]);
  });
});

describe('a missing key is an error at what it is missing from', () => {
  const cases: [name: string, text: string, path: string][] = [
    ['the version of the language', '▸project: shop\nhosts: {}\ncomponents: {}\ndeployment: [{host: a, components: [b]}]\n', 'api_version'],
    ['the image of a docker source', small({ source: '▸type: docker' }).replace('{ ▸', '▸{ '), 'components.web.source.image'],
    ['the command of a unit', small({ source: 'type: archive, path: a.tar', run: '▸type: systemd' }).replace('{ ▸', '▸{ '), 'components.web.run.command'],
    ['the url of a health check', health('▸type: http').replace('{ ▸', '▸{ '), 'components.web.healthcheck.url'],
    ['the components of a binding', small({ binding: '▸host: h1' }).replace('{ ▸', '▸{ '), 'deployment[0].components'],
    ['the dest of a template', config('templates: [▸{ source: a }]'), 'components.web.config.templates[0].dest'],
  ];
  test.each(cases)('%s', (_, text, path) => {
    expectError(text, { path, message: /is missing/, fix: /^Add "/ });
  });
  test('every missing part of an empty map is told at once', () => {
    expect(parseDocument('{}').errors.map(({ path }) => path)).toEqual(['api_version', 'project', 'hosts', 'components', 'deployment']);
  });
});
