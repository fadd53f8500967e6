/** A document of any size as people write them: five components on each host, each with variables, a template and a health check. */
import { stringify } from 'yaml';
import type { BundleContents } from '../../control/documents/validate.js';
import { sha256Hex } from '../../spec/hash.js';

const componentsPerHost = 5;
const template = '# {{ component_id }} on {{ host_id }}\nport = {{ port }}\nlevel = {{ level }}\n{% for tag in hosts[host_id].tags %}tag = {{ tag }}\n{% endfor %}';

export interface SizedBundle { components: number; hosts: number; lines: number; yaml: string; contents: BundleContents }

export function bundleOf(components: number): SizedBundle {
  const hosts = Array.from({ length: components / componentsPerHost }, (_, index) => `host-${index}`);
  const yaml = stringify({
    api_version: 'maestro/v1', project: 'large',
    hosts: Object.fromEntries(hosts.map((host, index) => [host, { address: `10.0.${index >> 8}.${index & 255}`, tags: ['eu', 'ssd'] }])),
    components: Object.fromEntries(hosts.flatMap((host) => namesOn(host).map((name, position) => [name, component(name, position, namesOn(host))]))),
    deployment: hosts.map((host) => ({ host, strategy: 'parallel', components: namesOn(host) })),
  });
  const entry = { path: 'app.conf.j2', sha256: sha256Hex(template), size: template.length, mode: 0o644 };
  return { components, hosts: hosts.length, lines: yaml.split('\n').length - 1, yaml, contents: { entries: [entry], texts: { [entry.path]: template } } };
}

const namesOn = (host: string): string[] => Array.from({ length: componentsPerHost }, (_, position) => `app-${host}-${position}`);

function component(name: string, position: number, neighbours: readonly string[]): object {
  const port = 18_000 + position;
  return {
    source: { type: 'docker', image: 'demo/web', tag: '1' },
    config: { vars: { port, level: 'info', url: 'http://{{ hosts[host_id].address }}:{{ vars.port }}' }, templates: [{ source: 'app.conf.j2', dest: `/etc/demo/${name}.conf`, mode: '0644' }] },
    run: { type: 'docker', container_name: name, ports: [`${port}:8080`], volumes: [`/etc/demo/${name}.conf:/etc/app.conf:ro`], env: { NAME: name, URL: '{{ vars.url }}' } },
    healthcheck: { type: 'http', url: `http://127.0.0.1:${port}/health` },
    depends_on: position === 0 ? [] : neighbours.slice(0, 1),
  };
}
