/** The run section of a rendered component as the host needs it: every default filled, every spelling parsed. */
import type { Component } from '../document/index.js';
import type { DockerRun, Healthcheck, ResourceLimits, SystemdRun, VolumeMount } from '../desired.js';
import { renderUnit } from '../systemd-unit.js';
import { normalisePath } from './paths.js';
import { parsePorts } from './ports.js';
import type { ReportProblem } from './problems.js';
import { splitCommand } from './words-of-command.js';

type Run<Type extends Component['run']['type']> = Extract<Component['run'], { type: Type }>;

export const componentDirectory = (id: string, component: Component): string =>
  component.run.type === 'systemd' && component.run.working_directory !== undefined ? component.run.working_directory : `/opt/maestro/${id}`;

export function resolveDockerRun(id: string, component: Component, run: Run<'docker'>, report: ReportProblem): DockerRun {
  return {
    type: 'docker',
    image: run.image ?? imageOf(component, report),
    pull_policy: component.source?.type === 'docker' ? component.source.pull_policy : 'if_not_present',
    container_name: containerName(run.container_name ?? `maestro-${id}`, report),
    ports: run.ports.flatMap((text, index) => {
      const parsed = parsePorts(text);
      if (parsed === null) report({ path: ['run', 'ports', index], message: `"${text}" is not a port mapping`, fix: 'Write host:container, for example "8080:80", "127.0.0.1:8080:80" or "53:53/udp".' });
      return parsed ?? [];
    }),
    volumes: run.volumes.flatMap((text, index) => volume(text, componentDirectory(id, component), (message, fix) => report({ path: ['run', 'volumes', index], message, fix }))),
    env: run.env,
    networks: run.networks,
    restart: run.restart,
    command: commandWords(run.command, report),
    resources: limits(component, run),
  };
}

/** `name:tag`, or `name@sha256:…` when the tag is a digest. */
function imageOf(component: Component, report: ReportProblem): string {
  if (component.source?.type !== 'docker') {
    report({ path: ['run', 'image'], message: '"image" is missing: there is no Docker source to take it from', fix: 'Add run.image, the image that the build makes or that is pulled.' });
    return '';
  }
  const { image, tag } = component.source;
  return tag.startsWith('sha256:') ? `${image}@${tag}` : `${image}:${tag}`;
}

function containerName(name: string, report: ReportProblem): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) report({ path: ['run', 'container_name'], message: `"${name}" is not a container name`, fix: 'Use letters, digits, "_", "." and "-", starting with a letter or digit.' });
  return name;
}

function commandWords(command: string | string[] | undefined, report: ReportProblem): string[] | null {
  if (command === undefined || Array.isArray(command)) return command ?? null;
  const words = splitCommand(command);
  if (words === null) report({ path: ['run', 'command'], message: 'a quote is not closed', fix: 'Close the quote, or write the command as a list.' });
  return words;
}

function volume(text: string, directory: string, report: (message: string, fix: string) => void): VolumeMount[] {
  const [source = '', target = '', options = '', ...rest] = text.split(':');
  const flags = options === '' ? [] : options.split(',');
  const wrong = rest.length > 0 || source === '' || !target.startsWith('/') || flags.some((flag) => !['ro', 'rw', 'z', 'Z'].includes(flag));
  const isPath = source.startsWith('/') || source.startsWith('.');
  const path = isPath ? normalisePath(source.startsWith('/') ? source : `${directory}/${source.replace(/^\.\//, '')}`) : source;
  if (wrong || path === null) {
    report(`"${text}" is not a volume`, 'Write source:target or source:target:ro; source is a volume name or a host path, target an absolute path.');
    return [];
  }
  return [{ kind: isPath ? 'bind' : 'volume', source: path, target, read_only: flags.includes('ro') }];
}

function limits(component: Component, run: Component['run']): ResourceLimits {
  const { memory, cpus } = { ...component.resources, ...run.resources };
  return { memory_bytes: memory ?? null, cpus: cpus ?? null };
}

export function resolveSystemdRun(id: string, project: string, component: Component, run: Run<'systemd'>, report: ReportProblem): SystemdRun {
  const name = run.unit_name ?? `maestro-${id}`;
  const unitName = /\.[a-z]+$/.test(name) && name.endsWith('.service') ? name : `${name}.service`;
  if (!/^[A-Za-z0-9:_.@\\-]+\.service$/.test(unitName)) report({ path: ['run', 'unit_name'], message: `"${name}" is not the name of a service unit`, fix: 'Use letters, digits, ":", "_", ".", "@" and "-".' });
  for (const key of ['command', 'working_directory', 'user', 'group'] as const) {
    if (/[\n\r\0]/.test(run[key] ?? '')) report({ path: ['run', key], message: `${key} must be one line`, fix: 'Remove the line break.' });
  }
  const resolved = {
    unit_name: unitName, command: run.command, working_directory: run.working_directory ?? null, user: run.user ?? null, group: run.group ?? null,
    env: run.env, restart: run.restart, restart_sec: run.restart_sec, resources: limits(component, run),
  };
  return { type: 'systemd', ...resolved, unit_text: renderUnit(id, project, resolved) };
}

export function resolveHealthcheck(check: Component['healthcheck'], report: ReportProblem): Healthcheck | null {
  if (check === undefined) return null;
  const timing = { interval_ms: check.interval, timeout_ms: check.timeout, start_period_ms: check.start_period, retries: check.retries };
  if (check.type === 'command') return { type: 'command', command: check.command, ...timing };
  if (check.type === 'tcp') {
    const port = Number(check.port);
    if (!Number.isInteger(port) || port < 1 || port > 65535) report({ path: ['healthcheck', 'port'], message: `"${check.port}" is not a port`, fix: 'Write a number from 1 to 65535.' });
    return { type: 'tcp', host: check.host, port, ...timing };
  }
  if (!/^https?:\/\/[^/]/.test(check.url)) report({ path: ['healthcheck', 'url'], message: `"${check.url}" is not an http or https address`, fix: 'Write for example http://localhost:8080/health.' });
  return { type: 'http', url: check.url, expect_status: check.expect_status, expect_body_contains: check.expect_body_contains ?? null, ...timing };
}
