/** Documents for schedules on real hosts: one component on every host, one document for each way of being brought there. */
import type { Random } from './random.js';

export const kinds = ['cold', 'hot', 'blue_green', 'unit', 'built'] as const;
export type Kind = (typeof kinds)[number];
export const isDocker = (kind: Kind): boolean => kind === 'cold' || kind === 'hot' || kind === 'blue_green';

/** What one version is to bring; two numbers never come twice in a deploy's life. */
export interface Content { number: number; config: string; page: string; bad: boolean }
/** What stays the same over the versions of one deploy. */
export interface Shape { project: string; kind: Kind; hosts: readonly string[]; strategy: 'sequential' | 'parallel' | 'canary' | 'blue_green'; restart: 'always' | 'unless-stopped' }

export const secretPath = 'real/canary';
/** Files that programs and builds append to, beside everything that is deployed: an effect that no one can take back. */
export const ledgerFolder = '/srv/ledger';
export const root = '/srv/real';
export const releasesRoot = '/opt/maestro/.releases';

const ports: Readonly<Record<Kind, number>> = { cold: 18_400, hot: 18_401, blue_green: 18_402, unit: 18_403, built: 18_404 };
export const portOf = (kind: Kind): number => ports[kind];
export const containerOf = (kind: Kind): string => `real-${kind}`;
export const unitOf = (kind: Kind): string => `real-${kind}.service`;
export const builtFolder = '/opt/real-built';
export const imageOf = ({ number, bad }: Content): string => (bad ? 'demo/broken:1' : `demo/web:${String((number % 2) + 1)}`);

export function randomShape(random: Random, kind: Kind, project: string, hosts: readonly string[]): Shape {
  const group = isDocker(kind) && kind !== 'cold' ? (['blue_green'] as const) : [];
  return { kind, project, hosts, strategy: random.pick(['sequential', 'parallel', 'parallel', 'canary', ...group] as const), restart: random.pick(['always', 'unless-stopped'] as const) };
}

export const firstContent = (): Content => ({ number: 1, config: 'one', page: 'one', bad: false });

/** Something of it changes; a bad one always by what it runs. */
export function changed(random: Random, { kind }: Shape, before: Content, bad: boolean): Content {
  const next = { ...before, number: before.number + 1, bad };
  const what = bad || kind === 'built' ? 'number' : random.pick(['number', 'config', 'all', ...(kind === 'unit' ? (['page'] as const) : [])] as const);
  return { ...next, number: what === 'number' || what === 'all' ? next.number : before.number, config: what === 'config' || what === 'all' ? `${before.config}+` : before.config, page: what === 'page' || what === 'all' ? `${before.page}+` : before.page };
}

export function documentOf(shape: Shape, content: Content): string {
  const { kind, project, hosts, strategy, restart } = shape;
  return `api_version: maestro/v1
project: ${project}
hosts: { ${hosts.map((host) => `${host}: {}`).join(', ')} }
components:
  ${kind}:
${isDocker(kind) ? docker(kind, content, restart) : kind === 'unit' ? unit(content) : built(content)}deployment:
  - hosts: [${hosts.join(', ')}]
    components: [${kind}]
    strategy: ${strategy}
    on_failure: rollback
${strategy === 'canary' ? '    canary: { initial_fraction: 0.34, step_fraction: 1, verify_duration: 500ms }\n' : ''}`;
}

/** Paths of its bundle; the archive of `built` comes beside them. */
export const filesOf = ({ kind }: Shape, { config, page }: Content): Record<string, string> =>
  (kind === 'built' ? {} : { 'app.conf.j2': templateOf(config), ...(kind === 'unit' ? { 'tool.sh': toolOf(page), 'site/index.html': page, 'site/more/deep.txt': page } : {}) });

const templateOf = (config: string): string => `${config} on {{ host_id }}`;
export const renderedOf = ({ config }: Content, host: string): string => `${config} on ${host}`;
export const toolOf = (page: string): string => `#!/bin/sh\necho ${page}\n`;

/** Failures while it starts do not count: a Docker daemon that comes back after a kill is no reason to fail. */
const patient = 'interval: 300ms, start_period: 60s, retries: 3';

function docker(kind: Kind, content: Content, restart: Shape['restart']): string {
  const [image = '', tag = ''] = imageOf(content).split(':');
  return `    source: { type: docker, image: ${image}, tag: "${tag}" }
    run:
      type: docker
      container_name: ${containerOf(kind)}
      ports: ["${String(portOf(kind))}:8080"]
      networks: [${containerOf(kind)}]
      volumes: ["${root}/${kind}:/etc/app:ro"]
      restart: ${restart}
      env: { CONFIG: /etc/app/app.conf, NAME: "${String(content.number)}", CANARY: "{{ vault://${secretPath} }}" }
    config: { templates: [{ source: app.conf.j2, dest: "${root}/${kind}/app.conf", mode: "0644" }] }
    healthcheck: { type: http, url: "http://localhost:${String(portOf(kind))}/health", ${patient} }
    deploy_mode: ${kind}
`;
}

function unit({ number, bad }: Content): string {
  const good = `echo ${String(number)} >> ${ledgerFolder}/unit; exec /usr/bin/python3 -m http.server ${String(portOf('unit'))} --directory ${root}/unit-site/current`;
  return `    run:
      type: systemd
      unit_name: ${unitOf('unit')}
      command: '/bin/sh -c "${bad ? 'env; exit 1' : good}"'
      env: { NUMBER: "${String(number)}", CANARY: "{{ vault://${secretPath} }}" }
      restart_sec: 1
    config:
      templates: [{ source: app.conf.j2, dest: "${root}/unit/app.conf" }]
      files: [{ source: tool.sh, dest: "${root}/unit/tool.sh" }, { source: site, dest: "${root}/unit-site" }]
    healthcheck: { type: http, url: "http://localhost:${String(portOf('unit'))}/more/deep.txt", ${patient} }
`;
}

/** Its build says when it begins and ends, and its secret. */
function built({ number, bad }: Content): string {
  const command = `echo begin ${String(number)} >> ${ledgerFolder}/builds; sleep 0.7; env; ${bad ? 'exit 1' : `mkdir dist; cp version.txt dist/; echo end ${String(number)} >> ${ledgerFolder}/builds`}`;
  return `    source: { type: archive, path: app.tar.gz }
    build: [{ command: '${command}', env: { CANARY: "{{ vault://${secretPath} }}" } }]
    run:
      type: systemd
      unit_name: ${unitOf('built')}
      command: '/bin/sh -c "echo ${String(number)} >> ${ledgerFolder}/built; exec /usr/bin/python3 -m http.server ${String(portOf('built'))}"'
      working_directory: ${builtFolder}
      restart_sec: 1
    healthcheck: { type: http, url: "http://localhost:${String(portOf('built'))}/dist/version.txt", ${patient} }
`;
}

/** Where it answers when it serves, and what it says then. */
export function served(kind: Kind, content: Content, host: string): { path: string; says: string } {
  if (kind === 'unit') return { path: '/index.html', says: content.page };
  if (kind === 'built') return { path: '/dist/version.txt', says: String(content.number) };
  return { path: '/', says: `version=${imageOf(content).split(':')[1] ?? ''} name=${String(content.number)}\n${renderedOf(content, host)}` };
}
