/** The run section of a rendered component as the host needs it: every default filled, every spelling parsed. */
import type { Component } from '../document/index.js';
import type { DockerRun, Healthcheck, PortMapping, ResourceLimits, SystemdRun, VolumeMount } from '../desired.js';
import { isImageReference, nameOf } from '../image-reference.js';
import { environmentFilePath, renderEnvironmentFile, renderUnit } from '../systemd-unit.js';
import { type DigestText, environmentOf, splitEnvironment } from './environment.js';
import { normalisePath } from './paths.js';
import { parsePorts } from './ports.js';
import type { Problem, ReportProblem } from './problems.js';
import { splitCommand } from './words-of-command.js';

type Run<Type extends Component['run']['type']> = Extract<Component['run'], { type: Type }>;

export const componentDirectory = (id: string, component: Component): string =>
  component.run.type === 'systemd' && component.run.working_directory !== undefined ? component.run.working_directory : `/opt/maestro/${id}`;

export function resolveDockerRun(id: string, component: Component, run: Run<'docker'>, digest: DigestText, report: ReportProblem): DockerRun {
  return {
    type: 'docker',
    image: run.image === undefined ? imageOf(component, report) : expectImage(run.image, run.image, ['run', 'image'], report),
    pull_policy: component.source?.type === 'docker' ? component.source.pull_policy : 'if_not_present',
    container_name: containerName(run.container_name ?? `maestro-${id}`, report),
    ports: ports(run.ports, report),
    volumes: run.volumes.flatMap((text, index) => volume(text, componentDirectory(id, component), (problem) => report({ path: ['run', 'volumes', index], ...problem }))),
    ...environmentOf(run.env, ['run', 'env'], digest, report),
    networks: networks(run.networks, report),
    restart: run.restart,
    command: commandWords(run.command, ['run', 'command'], report),
    resources: limits(component, run),
    ...(run.reload_command === undefined ? {} : { reload_command: reloadWords(run.reload_command, report) }),
  };
}

/** `name:tag`, or `name@sha256:…` when the tag is a digest. */
function imageOf(component: Component, report: ReportProblem): string {
  if (component.source?.type !== 'docker') {
    report({ path: ['run', 'image'], message: '"image" is missing: there is no Docker source to take it from', fix: 'Add run.image, the image that the build makes or that is pulled.' });
    return '';
  }
  const { image, tag } = component.source;
  const whole = tag.startsWith('sha256:') ? `${image}@${tag}` : `${image}:${tag}`;
  const isName = nameOf(image) === image && isImageReference(image);
  return expectImage(whole, isName ? tag : image, ['source', isName ? 'tag' : 'image'], report);
}

/** `told`: what is written at the path, when the whole is none. */
function expectImage(image: string, told: string, path: Problem['path'], report: ReportProblem): string {
  if (!isImageReference(image)) report({ path, message: `"${told}" is not ${path[1] === 'tag' ? 'the tag' : 'the name'} of an image`, fix: imageFix });
  return image;
}

const imageFix = 'Write the name in lower case, as registry.example.com/team/app, and the tag as letters, digits, "_", "." and "-", or a digest sha256:….';

/** What Docker takes as the name of a container or a volume. */
const dockerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const nameFix = 'Use two or more letters, digits, "_", "." and "-", starting with a letter or digit.';

function containerName(name: string, report: ReportProblem): string {
  if (!dockerName.test(name)) report({ path: ['run', 'container_name'], message: `"${name}" is not a container name`, fix: nameFix });
  return name;
}

function networks(names: readonly string[], report: ReportProblem): string[] {
  names.forEach((name, index) => {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) report({ path: ['run', 'networks', index], message: `"${name}" is not the name of a network`, fix: 'Use letters, digits, "_", "." and "-", starting with a letter or digit.' });
  });
  return [...new Set(names)];
}

function commandWords(command: string | string[] | undefined, path: Problem['path'], report: ReportProblem): string[] | null {
  if (command === undefined || Array.isArray(command)) return command ?? null;
  const words = splitCommand(command);
  if (words === null) report({ path, message: 'a quote or a backslash is left open', fix: 'Close the quote, or write the command as a list.' });
  return words;
}

function reloadWords(command: string, report: ReportProblem): string[] {
  const words = commandWords(command, ['run', 'reload_command'], report);
  if (words?.length === 0) report({ path: ['run', 'reload_command'], message: 'reload_command is empty', fix: 'Write the command, or remove the key.' });
  return words ?? [];
}

const maxPorts = 256;

function ports(texts: readonly string[], report: ReportProblem): PortMapping[] {
  const mappings = texts.flatMap((text, index) => {
    const parsed = parsePorts(text);
    if (parsed === null) report({ path: ['run', 'ports', index], message: `"${text}" is not a port mapping`, fix: 'Write host:container, for example "8080:80", "127.0.0.1:8080:80" or "53:53/udp".' });
    return parsed ?? [];
  });
  if (mappings.length > maxPorts) report({ path: ['run', 'ports'], message: `a container publishes at most ${maxPorts} ports`, fix: 'Publish fewer, or give the container the network "host".' });
  return mappings.slice(0, maxPorts);
}

const volumeFix = 'Write source:target or source:target:ro; source is a volume name or a host path, target an absolute path.';

function volume(text: string, directory: string, report: (problem: Omit<Problem, 'path'>) => void): VolumeMount[] {
  const [source = '', target = '', options = '', ...rest] = text.split(':');
  const flags = options === '' ? [] : options.split(',');
  const kind = source.startsWith('/') || source.startsWith('.') ? 'bind' : 'volume';
  const path = kind === 'volume' ? source : normalisePath(source.startsWith('/') ? source : `${directory}/${source}`);
  const known = flags.every((flag) => ['ro', 'rw', 'z', 'Z'].includes(flag));
  if (rest.length > 0 || path === null || normalisePath(target) === null || !target.startsWith('/') || !known || (kind === 'volume' && !dockerName.test(source))) {
    report({ message: `"${text}" is not a volume`, fix: volumeFix });
    return [];
  }
  if (/z/i.test(options)) report({ message: 'relabelling a volume for SELinux (z, Z) is not supported yet', fix: 'Remove the flag, and label the folder on the host.', code: 'unsupported_feature' });
  return [{ kind, source: path, target, read_only: flags.includes('ro') }];
}

function limits(component: Component, run: Component['run']): ResourceLimits {
  const { memory, cpus } = { ...component.resources, ...run.resources };
  return { memory_bytes: memory ?? null, cpus: cpus ?? null };
}

/** As the host takes it: it becomes a file name and an argument of systemctl. */
const serviceName = /^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,246}\.service$/;

export function resolveSystemdRun(id: string, project: string, component: Component, run: Run<'systemd'>, report: ReportProblem): SystemdRun {
  const name = run.unit_name ?? `maestro-${id}`;
  const unitName = name.endsWith('.service') ? name : `${name}.service`;
  if (!serviceName.test(unitName)) report({ path: ['run', 'unit_name'], message: `"${name}" is not the name of a service unit`, fix: 'Use letters, digits, ":", "_", ".", "@" and "-", starting with a letter or digit.' });
  for (const key of ['command', 'working_directory', 'user', 'group', 'reload_command'] as const) unitLine(key, run[key], report);
  const directory = run.working_directory ?? null;
  if (directory !== null && (!directory.startsWith('/') || normalisePath(directory) === null)) {
    report({ path: ['run', 'working_directory'], message: `"${directory}" is not an absolute path without ".."`, fix: 'Write the path from the root, for example /opt/app.' });
  }
  const { clear, secret } = splitEnvironment(run.env, ['run', 'env'], report);
  const resolved = {
    unit_name: unitName, command: run.command, working_directory: directory, user: run.user ?? null, group: run.group ?? null,
    env: clear, restart: run.restart, restart_sec: run.restart_sec, resources: limits(component, run),
    ...(run.reload_command === undefined ? {} : { reload_command: run.reload_command }),
    ...(Object.keys(secret).length === 0 ? {} : { environment_file: environmentFilePath(unitName) }),
  };
  return { type: 'systemd', ...resolved, unit_text: renderUnit(id, project, resolved) };
}

/** The file of a unit's secret variables; null when it has none. */
export function environmentFileText(component: Component, report: ReportProblem): string | null {
  const { secret } = splitEnvironment(component.run.env, ['run', 'env'], report);
  return component.run.type === 'docker' || Object.keys(secret).length === 0 ? null : renderEnvironmentFile(secret);
}

/** A value that would run on into the next line of the unit file could set anything there. */
function unitLine(key: 'command' | 'working_directory' | 'user' | 'group' | 'reload_command', value: string | undefined, report: ReportProblem): void {
  if (value === undefined) return;
  if (value.trim() === '') report({ path: ['run', key], message: `${key} is empty`, fix: `Write a ${key}, or remove the key.` });
  if (/[\n\r\0]/.test(value)) report({ path: ['run', key], message: `${key} must be one line`, fix: 'Remove the line break.' });
  else if (/(?!\t)\p{Cc}/u.test(value)) report({ path: ['run', key], message: `${key} must not have control characters`, fix: 'Remove them.' });
  if (value.trimEnd().endsWith('\\')) report({ path: ['run', key], message: `${key} must not end in a backslash`, fix: 'Remove the backslash: systemd would read the next line as a part of this one.' });
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
