/** Keys that are read and checked, and that apply refuses: a warning until then. */
import type { Frame } from '../frames.js';
import type { DiagnosticEntry } from './entry.js';

const inComponent = (written: string): [string, Frame, string, string] => [written, 'components.web', 'description: the shop', 'components.web'];

const units = (strategy: string): string => `api_version: maestro/v1
project: shop
hosts: { h1: {}, h2: {} }
components:
  web: { run: { type: systemd, command: /usr/bin/shop, reload_command: /usr/bin/shop reload }, deploy_mode: hot }
deployment:
  - { hosts: [h1, h2], components: [web], strategy: ${strategy} }
`;

function unsupported(name: string, [bad, frame, good, place]: [string, Frame, string, string], key: string): DiagnosticEntry {
  return { name: `no-${name}`, code: 'unsupported_feature', warning: true, meaning: 'Read and checked, but not acted on yet: apply refuses the document.', frame, bad, good, path: place === '' ? key : `${place}.${key}`, message: /not supported yet/ };
}

export const unsupportedEntries: DiagnosticEntry[] = [
  unsupported('kubernetes', ['type: ▸kubernetes', 'hosts.h1', 'type: linux', 'hosts.h1'], 'type'),
  unsupported('daemon', ['daemon: ▸{ install_method: auto }', 'hosts.h1', 'user: deploy', 'hosts.h1'], 'daemon'),
  unsupported('sync', inComponent('source: { type: git, repo: "https://example.com/shop.git", sync: ▸{ poll_interval: 5m } }'), 'source.sync'),
  unsupported('build-without-a-source', inComponent('build: ▸[{ command: make }]'), 'build'),
  unsupported('metrics', inComponent('metrics: ▸{ endpoint: "http://localhost:9100/metrics" }'), 'metrics'),
  unsupported('blue-green-units', [units('▸blue_green'), 'a whole document', units('parallel'), ''], 'deployment[0].strategy'),
];
