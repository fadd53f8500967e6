/** Checks across the document: names that must exist, bindings, cycles. Each finding points at the word that is wrong. */
import type { Diagnostic, ErrorCode } from '../errors.js';
import { formatPath, type Path, type YamlReading } from './read-yaml.js';
import { bindingHosts } from './placements.js';
import { findCycle } from './cycles.js';
import { nearest } from './nearest.js';
import type { DeployDocument } from './schema.js';

export interface Findings { errors: Diagnostic[]; warnings: Diagnostic[] }

export function checkReferences(document: DeployDocument, locate: YamlReading['locate']): Findings {
  const findings: Findings = { errors: [], warnings: [] };
  const report = (list: Diagnostic[], path: Path, message: string, fix: string, code: ErrorCode = 'validation_error'): void => {
    list.push({ code, path: formatPath(path), ...locate(path), message, suggested_fix: fix });
  };
  const mustExist = (kind: 'host' | 'component', name: string, path: Path): void => {
    const known = Object.keys(kind === 'host' ? document.hosts : document.components);
    if (known.includes(name)) return;
    const meant = nearest(name, known);
    report(findings.errors, path, `there is no ${kind} "${name}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`, `Use one of: ${known.join(', ') || 'none is defined'}.`);
  };
  const error = (path: Path, message: string, fix: string, code?: ErrorCode): void => report(findings.errors, path, message, fix, code);

  for (const [id, component] of Object.entries(document.components)) {
    component.depends_on.forEach((name, index) => mustExist('component', name, ['components', id, 'depends_on', index]));
    if (component.source?.type === 'docker' && component.run.type !== 'docker') {
      error(['components', id, 'run', 'type'], 'a docker source needs run.type docker', 'Set run.type to docker, or use a git, archive or artifact source.');
    }
  }
  document.deployment.forEach((binding, index) => {
    if (binding.host !== undefined) mustExist('host', binding.host, ['deployment', index, 'host']);
    binding.hosts?.forEach((name, at) => mustExist('host', name, ['deployment', index, 'hosts', at]));
    binding.components.forEach((name, at) => mustExist('component', name, ['deployment', index, 'components', at]));
    binding.depends_on_hosts.forEach((name, at) => mustExist('host', name, ['deployment', index, 'depends_on_hosts', at]));
    if (binding.tags !== undefined && bindingHosts(document, binding).length === 0) {
      error(['deployment', index, 'tags'], `no host has the tags ${binding.tags.join(', ')}`, 'Add the tag to a host, or name the hosts.');
    }
  });
  checkPlacements(document, error, (path, message, fix) => report(findings.warnings, path, message, fix));
  if (findings.errors.length === 0) checkCycles(document, error);
  return findings;
}

type Report = (path: Path, message: string, fix: string) => void;

function checkPlacements(document: DeployDocument, error: Report, warn: Report): void {
  const first = new Map<string, number>();
  document.deployment.forEach((binding, index) => {
    for (const host of bindingHosts(document, binding)) {
      binding.components.forEach((component, at) => {
        const key = `${host}/${component}`;
        if (first.has(key)) error(['deployment', index, 'components', at], `${component} is placed on ${host} twice (first in deployment[${first.get(key)}])`, 'Remove one of the two.');
        else first.set(key, index);
      });
    }
  });
  const placed = new Set([...first.keys()].map((key) => key.slice(key.indexOf('/') + 1)));
  for (const id of Object.keys(document.components)) {
    if (!placed.has(id)) warn(['components', id], `the component ${id} is placed on no host`, 'Add it to a binding in deployment, or remove it.');
  }
  for (const [id, { depends_on: dependencies }] of Object.entries(document.components)) {
    dependencies.forEach((name, index) => {
      if (placed.has(id) && name in document.components && !placed.has(name)) {
        error(['components', id, 'depends_on', index], `${id} waits for ${name}, which is placed on no host`, `Place ${name} on a host, or remove it from depends_on.`);
      }
    });
  }
}

function checkCycles(document: DeployDocument, error: Report): void {
  const components = findCycle(Object.keys(document.components), (id) => document.components[id]?.depends_on ?? []);
  if (components !== null) {
    const [id = ''] = components;
    error(['components', id, 'depends_on'], `components wait for each other in a circle: ${components.join(' → ')}`, 'Remove one depends_on of the circle.');
  }
  const waitsFor = (host: string): string[] =>
    document.deployment.filter((binding) => bindingHosts(document, binding).includes(host)).flatMap((binding) => binding.depends_on_hosts);
  const hosts = findCycle(Object.keys(document.hosts), waitsFor);
  if (hosts === null) return;
  const index = document.deployment.findIndex((binding) => bindingHosts(document, binding).includes(hosts[0] ?? ''));
  error(['deployment', Math.max(index, 0), 'depends_on_hosts'], `hosts wait for each other in a circle: ${hosts.join(' → ')}`, 'Remove one depends_on_hosts of the circle.');
}
