/** What this version reads but does not act on is refused at apply by its key: nothing is silently ignored. */
import { parseDocument, unsupportedFeatures } from '../../spec/document/index.js';
import { expectUnsupported, parsed, small } from './marked.js';

const component = (what: string): string => small({ component: `    ${what}\n` });
const source = (what: string): string => small({ source: what, run: 'type: docker, image: x' });

describe('refused, at the key', () => {
  const web = 'components.web';
  const cases: [name: string, text: string, path: string][] = [
    ['a kubernetes host', small({ host: '{ type: ▸kubernetes }' }), 'hosts.h1.type'],
    ['the daemon settings of a host', small({ host: '{ daemon: ▸{ install_method: manual } }' }), 'hosts.h1.daemon'],
    ['following a repository', source('type: git, repo: "https://x/y.git", sync: ▸{ poll_interval: 5m }'), `${web}.source.sync`],
    ['metrics', component('metrics: ▸{ endpoint: "http://localhost/metrics" }'), `${web}.metrics`],
    ['switching units together that are reloaded', small({ source: 'type: git, repo: "https://x/y.git"', run: 'type: systemd, command: /bin/app, reload_command: /bin/reload', component: '    deploy_mode: hot\n', binding: 'host: h1, components: [web], strategy: ▸blue_green' }), 'deployment[0].strategy'],
  ];
  test.each(cases)('%s', (_, text, path) => {
    expectUnsupported(text, path);
  });
  test('the build steps of a component without a source', () => {
    expectUnsupported(small({ component: '    build: ▸[{ command: make }]\n', run: 'type: docker, image: x' }).replace('    source: { type: docker, image: nginx }\n', ''), 'components.web.build');
  });
});

test('what is written out with its default is no use of a feature', () => {
  const text = small({
    component: '    deploy_mode: cold\n    reload_triggers: { code: cold }\n    on_failure: pause\n    rollback: false\n    tests: {}\n    build: []\n    config: { secrets: {} }\n',
    binding: 'host: h1, components: [web], strategy: parallel, approval: false, on_failure: pause, offline: wait, offline_deadline: 1h',
  });
  const { locate } = parseDocument(text);
  expect(unsupportedFeatures(parsed(text), locate)).toEqual([]);
});
