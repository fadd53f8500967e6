/**
 * What is deployed, said once for every tool: 20 components on 3 hosts, 12 containers and 8 units, each with a config
 * file, a port and an HTTP health check; on each host every other component depends on the first.
 */
export interface Component {
  name: string;
  host: string;
  kind: 'docker' | 'systemd';
  port: number;
  /** Empty for a unit. */
  image: string;
  /** The line of the config file that a config change changes. */
  note: string;
  /** Path of the health check. */
  health: string;
  depends_on: string[];
}

/** How many components are on which host. */
export interface Shape { hosts: readonly string[]; perHost: readonly number[] }

/** A version of the workload: what differs from the first one. */
export interface Change {
  note?: string;
  tag?: string;
}

export const hosts = ['h1', 'h2', 'h3'] as const;
/** The one whose config changes, and the one whose image changes. */
export const configTarget = 'web-h2-1';
export const imageTarget = 'web-h2-2';
export const images = ['demo/web:1', 'demo/web:2'] as const;
export const level = 'info';
export const containerPort = 8080;

/** Every second run goes back, so that each changes something. */
export const noteOf = (run: number): string => (run % 2 === 0 ? 'two' : 'one');
export const tagOf = (run: number): string => (run % 2 === 0 ? '2' : '1');

export const standard: Shape = { hosts, perHost: [7, 7, 6] };
/** Of seven components four are containers. */
const containersOfSeven = 4;
const isContainer = (position: number): boolean => position % 7 < containersOfSeven;
const firstPort = 18_000;

export const confPath = ({ name }: Pick<Component, 'name'>): string => `/etc/demo/${name}.conf`;
/** Units serve the folder of the config files, so that what they serve shows which config is there. */
export const serveCommand = (port: number | string): string => `/usr/bin/python3 -m http.server ${port} --bind 0.0.0.0 --directory /etc/demo`;

export function workload({ note = 'one', tag = '1' }: Change = {}, shape: Shape = standard): Component[] {
  return shape.hosts.flatMap((host, index) => Array.from({ length: shape.perHost[index] ?? 0 }, (_, position) => component(host, position, { note, tag })));
}

function component(host: string, position: number, { note, tag }: Required<Change>): Component {
  const kind = isContainer(position) ? 'docker' : 'systemd';
  const name = nameOf(host, position);
  return {
    name, host, kind,
    port: firstPort + position,
    image: kind === 'docker' ? `demo/web:${name === imageTarget ? tag : '1'}` : '',
    note: name === configTarget ? note : 'one',
    health: kind === 'docker' ? '/health' : '/',
    depends_on: position === 0 ? [] : [nameOf(host, 0)],
  };
}

const nameOf = (host: string, position: number): string => `${isContainer(position) ? 'web' : 'svc'}-${host}-${position}`;

export const onHost = (components: readonly Component[], host: string): Component[] => components.filter((candidate) => candidate.host === host);

/** What `app.conf.j2` renders to. */
export const confText = ({ name, host, port, note }: Component): string =>
  `# ${name} on ${host}\nname = ${name}\nport = ${port}\nlevel = ${level}\nnote = ${note}\n`;
