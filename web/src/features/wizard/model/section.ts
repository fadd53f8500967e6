/** Answers → the section of one component, in the order in which people write it. */
import { linesOf, restartsOf, runsInDocker, type Answers, type EnvEntry } from './answers.js';

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };
export type PlainMap = { [key: string]: Plain };

/** `hello-web` for web of hello-web, `shop-api` for api of shop. */
export const runName = ({ name, project, component }: Pick<Answers, 'name' | 'project' | 'component'>): string => {
  if (name.trim() !== '') return name.trim();
  const [whole, part] = [project.trim().replace(/[^A-Za-z0-9_.-]+/g, '-'), component.trim()];
  if (whole === '') return part;
  return whole === part || whole.endsWith(`-${part}`) ? whole : `${whole}-${part}`;
};

export const vaultReference = (path: string): string => `{{ vault://${path.trim()} }}`;
const loginReference = (path: string): string => (path.startsWith('vault://') ? path : `vault://${path}`);

/** Without what is left empty. A map of nothing is left out as well. */
function given(entries: [key: string, value: Plain | undefined][]): PlainMap {
  const isGiven = (value: Plain | undefined): value is Plain => value !== undefined && value !== '' && (typeof value !== 'object' || value === null || Object.keys(value).length > 0);
  return Object.fromEntries(entries.flatMap(([key, value]) => (isGiven(value) ? [[key, value]] : [])));
}

const numberOr = (text: string): Plain => (/^\d+$/.test(text.trim()) ? Number(text.trim()) : text.trim());

function sourceOf(answers: Answers): PlainMap | undefined {
  const credentials: [string, Plain | undefined] = ['credentials_ref', answers.credentials.trim() === '' ? undefined : loginReference(answers.credentials.trim())];
  const subpath: [string, Plain] = ['subpath', answers.subpath.trim()];
  switch (answers.source) {
    case 'docker': return { type: 'docker', ...given([['image', answers.image.trim()], ['tag', answers.tag.trim()], credentials]) };
    case 'git': return { type: 'git', ...given([['repo', answers.repo.trim()], ['ref', answers.ref.trim()], subpath, credentials]) };
    case 'archive': return { type: 'archive', ...given([['path', answers.archive.trim()], subpath]) };
    case 'artifact': return { type: 'artifact', ...given([['artifact_id', answers.artifact.trim()], subpath]) };
    case 'none': return undefined;
  }
}

const envOf = (entries: readonly EnvEntry[]): PlainMap =>
  Object.fromEntries(entries.filter(({ name }) => name.trim() !== '').map(({ name, value, secret }) => [name.trim(), secret ? vaultReference(value) : value]));

function runOf(answers: Answers): PlainMap {
  const env: [string, Plain] = ['env', envOf(answers.env)];
  const restart: [string, Plain | undefined] = ['restart', restartsOf(answers).includes(answers.restart) ? answers.restart : undefined];
  if (runsInDocker(answers)) {
    return { type: 'docker', ...given([['container_name', runName(answers)], ['command', answers.command.trim()], ['ports', linesOf(answers.ports)], ['volumes', linesOf(answers.volumes)], env, restart]) };
  }
  return { type: 'systemd', ...given([['unit_name', runName(answers)], ['command', answers.command.trim()], ['working_directory', answers.working_directory.trim()], ['user', answers.user.trim()], env, restart]) };
}

/** The port on the host of the first mapping: `8080` for `127.0.0.1:8080:80/tcp`. */
export const publishedPort = (ports: string): string => {
  const [first = ''] = linesOf(ports);
  const parts = first.replace(/\/(tcp|udp)$/, '').split(':');
  const port = parts.length > 1 ? parts.at(-2) ?? '' : '';
  return /^\d+$/.test(port) ? port : '';
};

/** What is asked: a whole address as it is, a path on the port that was named, or on the first published one. */
export function healthUrl({ health_url: url, health_port: port, ports }: Pick<Answers, 'health_url' | 'health_port' | 'ports'>): string {
  const asked = url.trim();
  if (/^https?:\/\//.test(asked) || asked.includes('{{')) return asked;
  const at = port.trim() || publishedPort(ports);
  return `http://localhost${at === '' || at === '80' ? '' : `:${at}`}${asked.startsWith('/') ? asked : `/${asked}`}`;
}

function healthOf(answers: Answers): PlainMap | undefined {
  const start: [string, Plain] = ['start_period', answers.health_start_period.trim()];
  switch (answers.health) {
    case 'http': return { type: 'http', ...given([['url', healthUrl(answers)], ['expect_status', numberOr(answers.health_status)], start]) };
    case 'tcp': return { type: 'tcp', ...given([['port', numberOr(answers.health_port || publishedPort(answers.ports))], start]) };
    case 'command': return { type: 'command', ...given([['command', answers.health_command.trim()], start]) };
    case 'none': return undefined;
  }
}

export const sectionOf = (answers: Answers): PlainMap =>
  given([['source', sourceOf(answers)], ['run', runOf(answers)], ['healthcheck', healthOf(answers)], ['depends_on', answers.depends_on]]);
