/** The workload as one deploy document and its template. */
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { confPath, containerPort, level, onHost, serveCommand, type Component } from './workload.js';

export interface Bundle { yaml: string; files: Record<string, string> }

export function bundle(components: readonly Component[], project: string): Bundle {
  return { yaml: document(components, project), files: { 'app.conf.j2': template() } };
}

export const template = (): string => readFileSync(new URL('app.conf.j2', import.meta.url), 'utf8');

function document(components: readonly Component[], project: string): string {
  const hosts = [...new Set(components.map(({ host }) => host))];
  return stringify({
    api_version: 'maestro/v1',
    project,
    hosts: Object.fromEntries(hosts.map((host) => [host, {}])),
    components: Object.fromEntries(components.map((component) => [component.name, described(component)])),
    // Different components on each host: as many groups, side by side.
    deployment: hosts.map((host) => ({ host, strategy: 'parallel', components: onHost(components, host).map(({ name }) => name) })),
  });
}

function described(component: Component): object {
  const { kind, port, note, health, depends_on } = component;
  return {
    ...(kind === 'docker' ? container(component) : unit(component)),
    config: { vars: { port, level, note }, templates: [{ source: 'app.conf.j2', dest: confPath(component), mode: '0644' }] },
    healthcheck: { type: 'http', url: `http://127.0.0.1:${port}${health}` },
    depends_on,
  };
}

function container(component: Component): object {
  const [image, tag] = component.image.split(':');
  return {
    source: { type: 'docker', image, tag },
    run: {
      type: 'docker', container_name: component.name, restart: 'unless-stopped',
      ports: [`${component.port}:${containerPort}`],
      volumes: [`${confPath(component)}:/etc/app.conf:ro`],
      env: { NAME: component.name, LEVEL: level },
    },
  };
}

function unit(component: Component): object {
  return { run: { type: 'systemd', unit_name: component.name, command: serveCommand(component.port), env: { CONFIG: confPath(component) }, restart: 'on-failure', restart_sec: 2 } };
}
