/** Checks across the document: names that must exist, bindings, cycles. Each finding points at the word that is wrong. */
import type { Diagnostic } from '../errors.js';
import { formatPath, type Path } from './path.js';
import type { YamlReading } from './read-yaml.js';
import { standardOfflineDeadlineMs } from '../graph-types.js';
import { bindingHosts } from './placements.js';
import { checkTests } from './check-tests.js';
import { findCycle } from './cycles.js';
import { nearest } from './nearest.js';
import type { Component, DeployDocument } from './schema.js';
import { graphSize, maxBytes, maxEdges, maxPlacements, type GraphSize } from './size.js';

export interface Findings { errors: Diagnostic[]; warnings: Diagnostic[] }
type Report = (path: Path, message: string, fix: string) => void;
interface Reports { error: Report; warn: Report }

export function checkReferences(document: DeployDocument, locate: YamlReading['locate']): Findings {
  const findings: Findings = { errors: [], warnings: [] };
  const reportTo = (list: Diagnostic[]): Report => (path, message, fix) => {
    list.push({ code: 'validation_error', path: formatPath(path), ...locate(path), message, suggested_fix: fix });
  };
  const reports: Reports = { error: reportTo(findings.errors), warn: reportTo(findings.warnings) };
  checkNames(document, reports);
  const size = graphSize(document);
  const tooLarge = tooMuch(size);
  if (tooLarge !== null) {
    reports.error(['deployment'], `the deployment is too large: ${tooLarge}`, 'Split it into several deploys.');
  } else {
    checkPlacements(document, reports);
  checkStrategies(document, reports);
    if (findings.errors.length === 0) checkCycles(document, reports.error);
  }
  return findings;
}

function tooMuch({ placements, edges, bytes }: GraphSize): string | null {
  if (placements > maxPlacements) return `it has more than ${maxPlacements} placements`;
  if (edges > maxEdges) return `its placements wait for each other ${edges} times, and ${maxEdges} is the most`;
  return bytes > maxBytes ? `its components, written out for each host, are larger than ${maxBytes / 1024 / 1024} MiB` : null;
}

function checkNames(document: DeployDocument, { error, warn }: Reports): void {
  const hosts = namesOf('host', Object.keys(document.hosts), error);
  const components = namesOf('component', Object.keys(document.components), error);
  for (const [id, component] of Object.entries(document.components)) {
    component.depends_on.forEach((name, index) => components(name, ['components', id, 'depends_on', index]));
    checkSource(id, component, { error, warn });
  }
  checkTests(document, components, error);
  document.deployment.forEach((binding, index) => {
    if (binding.host !== undefined) hosts(binding.host, ['deployment', index, 'host']);
    binding.hosts?.forEach((name, at) => hosts(name, ['deployment', index, 'hosts', at]));
    binding.components.forEach((name, at) => components(name, ['deployment', index, 'components', at]));
    binding.depends_on_hosts.forEach((name, at) => hosts(name, ['deployment', index, 'depends_on_hosts', at]));
  });
}

/** Looking for the nearest name costs: it is done for the first findings and in lists of a size that people read. */
const maxSuggestions = 20;
const maxCandidates = 500;
const shownNames = 10;

function namesOf(kind: 'host' | 'component', names: readonly string[], error: Report): (name: string, path: Path) => void {
  const known = new Set(names);
  const shown = names.slice(0, shownNames).join(', ') || 'none is defined';
  let missing = 0;
  return (name, path) => {
    if (known.has(name)) return;
    missing += 1;
    const meant = missing > maxSuggestions ? undefined : nearest(name, names.slice(0, maxCandidates));
    error(path, `there is no ${kind} "${name}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`, `Use one of: ${shown}${names.length > shownNames ? ' …' : ''}.`);
  };
}

function checkSource(id: string, component: Component, { error, warn }: Reports): void {
  const { build, run } = component;
  if (component.source?.type !== 'docker') return;
  if (run.type !== 'docker') error(['components', id, 'run', 'type'], 'a docker source needs run.type docker', 'Set run.type to docker, or use a git, archive or artifact source.');
  if (build.length > 0) warn(['components', id, 'build'], 'build is ignored: a docker source is pulled, not built', 'Remove build, or use a git, archive or artifact source.');
}

function checkPlacements(document: DeployDocument, { error, warn }: Reports): void {
  const first = new Map<string, number>();
  const placed = new Set<string>();
  document.deployment.forEach((binding, index) => {
    const hosts = bindingHosts(document, binding);
    if (binding.tags !== undefined && hosts.length === 0) error(['deployment', index, 'tags'], `no host has the tags ${binding.tags.join(', ')}`, 'Add the tag to a host, or name the hosts.');
    for (const host of hosts) {
      binding.components.forEach((component, at) => {
        const key = `${host}/${component}`;
        placed.add(component);
        if (first.has(key)) error(['deployment', index, 'components', at], `${component} is placed on ${host} twice (first in deployment[${first.get(key)}])`, 'Remove one of the two.');
        else first.set(key, index);
      });
    }
  });
  for (const [id, { depends_on: dependencies }] of Object.entries(document.components)) {
    if (!placed.has(id)) warn(['components', id], `the component ${id} is placed on no host`, 'Add it to a binding in deployment, or remove it.');
    dependencies.forEach((name, index) => {
      if (placed.has(id) && Object.hasOwn(document.components, name) && !placed.has(name)) {
        error(['components', id, 'depends_on', index], `${id} waits for ${name}, which is placed on no host`, `Place ${name} on a host, or remove it from depends_on.`);
      }
    });
  }
}

/** Keys of one strategy under another would be ignored: that is said. */
function checkStrategies(document: DeployDocument, { warn }: Reports): void {
  document.deployment.forEach(({ strategy, canary, max_parallel: limit, offline, offline_deadline: deadlineMs }, index) => {
    if (canary !== undefined && strategy !== 'canary') warn(['deployment', index, 'canary'], `canary is ignored: the strategy is ${strategy}`, 'Set strategy to canary, or remove it.');
    if (limit !== undefined && strategy === 'sequential') warn(['deployment', index, 'max_parallel'], 'max_parallel is ignored: with the strategy sequential hosts go one after the other', 'Set strategy to parallel, or remove it.');
    if (offline !== 'wait' && deadlineMs !== standardOfflineDeadlineMs) warn(['deployment', index, 'offline_deadline'], `offline_deadline is ignored: offline is ${offline}`, 'Set offline to wait, or remove it.');
  });
}

function checkCycles(document: DeployDocument, error: Report): void {
  const components = findCycle(Object.keys(document.components), (id) => document.components[id]?.depends_on ?? []);
  if (components !== null) {
    const [id = ''] = components;
    error(['components', id, 'depends_on'], `components wait for each other in a circle: ${components.join(' → ')}`, 'Remove one depends_on of the circle.');
  }
  const bindings = document.deployment.map((binding, index) => ({ index, hosts: bindingHosts(document, binding), waitsFor: binding.depends_on_hosts }));
  const waitsFor = new Map<string, { other: string; index: number }[]>();
  for (const { hosts, index, waitsFor: others } of bindings) {
    for (const host of hosts) waitsFor.set(host, [...(waitsFor.get(host) ?? []), ...others.map((other) => ({ other, index }))]);
  }
  const hosts = findCycle(Object.keys(document.hosts), (host) => waitsFor.get(host)?.map(({ other }) => other) ?? []);
  if (hosts === null) return;
  const [host = '', next = ''] = hosts;
  const index = waitsFor.get(host)?.find(({ other }) => other === next)?.index ?? 0;
  error(['deployment', index, 'depends_on_hosts'], `hosts wait for each other in a circle: ${hosts.join(' → ')}`, 'Remove one depends_on_hosts of the circle.');
}
