/** What a wizard needs to know of a document that is there, and a component of it as answers. */
import type { Document } from 'yaml';
import { noAnswers, type Answers, type EnvEntry, type SourceKind, type Strategy, healthKinds, sourceKinds, strategies } from './answers.js';
import { readDocument } from './patch.js';

export interface BaseBinding { index: number; hosts: string[]; components: string[]; strategy: Strategy; /** Chosen by tags: what it names is not in the document. */ byTags: boolean }
export interface Base { yaml: string; project: string; hosts: string[]; components: string[]; bindings: BaseBinding[]; sections: Record<string, Section> }
type Section = Record<string, unknown>;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '');
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf).filter((item) => item !== '') : []);
const oneOf = <T extends string>(all: readonly T[], value: unknown, otherwise: T): T => all.find((one) => one === value) ?? otherwise;

/** Numbers that are meant as text keep their digits: `1.10` is no `1.1`. */
function written(document: Document, path: (string | number)[], value: unknown): string {
  const node: unknown = document.getIn(path, true);
  return typeof value !== 'string' && isRecord(node) && typeof node.source === 'string' ? node.source : textOf(value);
}

/** An alias of nothing is only found out here. */
function valueOf(document: Document): unknown {
  try {
    return document.toJS() as unknown;
  } catch {
    return null;
  }
}

/** null: it cannot be read. */
export function readBase(yaml: string): Base | null {
  const document = readDocument(yaml);
  const root = document.errors.length > 0 ? null : valueOf(document);
  if (!isRecord(root)) return null;
  const bindings = Array.isArray(root.deployment) ? root.deployment : [];
  return {
    yaml, project: textOf(root.project), hosts: Object.keys(recordOf(root.hosts)), components: Object.keys(recordOf(root.components)),
    sections: Object.fromEntries(Object.entries(recordOf(root.components)).map(([id, section]) => [id, recordOf(section)])),
    bindings: bindings.map((item: unknown, index) => {
      const binding = recordOf(item);
      return { index, hosts: binding.host === undefined ? textsOf(binding.hosts) : [textOf(binding.host)], components: textsOf(binding.components), strategy: oneOf(strategies, binding.strategy, 'sequential'), byTags: binding.tags !== undefined };
    }),
  };
}

const vaulted = /^\{\{\s*vault:\/\/(.+?)\s*\}\}$/;

/** A component as the wizard would have been answered. What it has no field for is in no answer, and stays as it is. */
export function answersOf({ yaml, project, sections, bindings }: Base, component: string): Answers {
  const document = readDocument(yaml);
  const section = recordOf(sections[component]);
  const [source, run, health] = [recordOf(section.source), recordOf(section.run), recordOf(section.healthcheck)];
  const at = (...path: string[]): string => written(document, ['components', component, ...path], path.reduce<unknown>((value, key) => recordOf(value)[key], section));
  const kind: SourceKind = source.type === undefined ? 'none' : oneOf(sourceKinds, source.type, 'none');
  const env = Object.keys(recordOf(run.env)).map((name): EnvEntry => {
    const value = at('run', 'env', name);
    const path = vaulted.exec(value)?.[1];
    return path === undefined ? { name, value, secret: false } : { name, value: path, secret: true };
  });
  return {
    ...noAnswers, project, component, depends_on: textsOf(section.depends_on), source: kind,
    image: at('source', 'image'), tag: at('source', 'tag'), repo: at('source', 'repo'), ref: at('source', 'ref'), archive: at('source', 'path'), artifact: at('source', 'artifact_id'), subpath: at('source', 'subpath'),
    credentials: textOf(source.credentials_ref),
    hosts: bindings.filter(({ components }) => components.includes(component)).flatMap(({ hosts }) => hosts),
    name: at('run', run.type === 'systemd' ? 'unit_name' : 'container_name'), command: typeof run.command === 'string' ? run.command : '', working_directory: at('run', 'working_directory'), user: at('run', 'user'), restart: textOf(run.restart),
    ports: textsOf(run.ports).join('\n'), volumes: textsOf(run.volumes).join('\n'), env,
    health: section.healthcheck === undefined ? 'none' : oneOf(healthKinds, health.type, 'none'), health_url: textOf(health.url), health_status: textOf(health.expect_status),
    health_port: textOf(health.port), health_command: textOf(health.command), health_start_period: textOf(health.start_period),
  };
}

/** What the wizard can change: a container of an image, or a unit; not a container of something that is built. */
export const canUpgrade = ({ sections }: Base, component: string): boolean => {
  const [source, run] = [recordOf(sections[component]?.source), recordOf(sections[component]?.run)];
  return source.type === 'docker' ? run.type === 'docker' : run.type === 'systemd';
};
