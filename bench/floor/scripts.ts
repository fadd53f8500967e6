/**
 * The same work as bare commands: what a script without any tool would do on one host. Its words come from the workload,
 * never from outside. `bash` is the one shell here, declared: it reads these lines from its standard input.
 */
import { confPath, confText, containerPort, level, serveCommand, type Component } from '../workload/workload.js';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const isDocker = ({ kind }: Component): boolean => kind === 'docker';
const names = (components: readonly Component[]): string => components.map(({ name }) => name).join(' ');

const url = ({ port, health }: Component): string => `http://127.0.0.1:${port}${health}`;
const healthy = (component: Component): string => `until curl -fs -o /dev/null -m 5 ${url(component)}; do sleep 0.05; done`;
const writeConf = (component: Component): string => `printf %s ${quoted(confText(component))} > ${confPath(component)}`;

/** Once more when Docker trips over a cgroup that systemd has just taken away, as Maestro does; it is rare, and would end the bench. */
const start = (component: Component): string => `{ ${run(component)} || { docker rm -f ${component.name} >/dev/null; ${run(component)}; }; }`;

const run = (component: Component): string =>
  `docker run -d --name ${component.name} --restart unless-stopped -p ${component.port}:${containerPort} -v ${confPath(component)}:/etc/app.conf:ro -e NAME=${component.name} -e LEVEL=${level} ${component.image} >/dev/null`;

const unitPath = ({ name }: Component): string => `/etc/systemd/system/${name}.service`;
const unitText = (component: Component): string => `[Unit]
Description=${component.name}
After=network.target
[Service]
ExecStart=${serveCommand(component.port)}
Environment=CONFIG=${confPath(component)}
Restart=on-failure
RestartSec=2
[Install]
WantedBy=multi-user.target
`;
const writeUnit = (component: Component): string => `printf %s ${quoted(unitText(component))} > ${unitPath(component)}`;

/** Everything at once, as if nothing depended on anything. */
export function firstDeploy(components: readonly Component[]): string {
  const units = components.filter((component) => !isDocker(component));
  return lines(
    'mkdir -p /etc/demo',
    ...components.map(writeConf),
    ...components.filter(isDocker).map((component) => `${start(component)} &`),
    ...units.map(writeUnit),
    `systemctl daemon-reload && systemctl --quiet enable --now ${names(units)}`,
    'wait',
    ...components.map(healthy),
  );
}

/** The first component healthy before the others start. */
export function firstDeployInOrder(components: readonly Component[]): string {
  const [first, ...others] = components;
  if (first === undefined) return '';
  return lines('mkdir -p /etc/demo', writeConf(first), start(first), healthy(first), firstDeploy(others));
}

/** Reads the true state and the health of everything, and changes nothing. */
export function noop(components: readonly Component[]): string {
  const units = components.filter((component) => !isDocker(component));
  return lines(
    'set -e',
    `docker inspect ${names(components.filter(isDocker))} >/dev/null`,
    `systemctl show --property=ActiveState,UnitFileState ${names(units)} >/dev/null`,
    `sha256sum ${components.map(confPath).join(' ')} ${units.map(unitPath).join(' ')} >/dev/null`,
    ...components.map((component) => `curl -fs -o /dev/null -m 5 ${url(component)}`),
  );
}

export const changeConfig = (component: Component): string =>
  lines('set -e', writeConf(component), `docker restart -t 5 ${component.name} >/dev/null`, healthy(component));

export const changeImage = (component: Component): string =>
  lines('set -e', `docker rm -f ${component.name} >/dev/null`, start(component), healthy(component));

const lines = (...all: string[]): string => `${all.join('\n')}\n`;
