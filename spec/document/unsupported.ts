/**
 * Keys that are read and checked but not acted on yet. Apply refuses a document that asks for one:
 * nothing is ever silently ignored.
 */
import type { Diagnostic } from '../errors.js';
import { formatPath, type Path } from './path.js';
import type { YamlReading } from './read-yaml.js';
import type { Component, DeployDocument } from './schema.js';

export function unsupportedFeatures(document: DeployDocument, locate: YamlReading['locate']): Diagnostic[] {
  const found: Diagnostic[] = [];
  const refuse = (used: boolean, path: Path, what: string): void => {
    if (!used) return;
    found.push({ code: 'unsupported_feature', path: formatPath(path), ...locate(path), message: `${what} is not supported yet`, suggested_fix: 'Remove it until a version of Maestro that supports it is installed.' });
  };
  for (const [id, host] of Object.entries(document.hosts)) {
    refuse(host.type === 'kubernetes', ['hosts', id, 'type'], 'host type kubernetes');
    refuse(host.daemon !== undefined, ['hosts', id, 'daemon'], 'daemon');
  }
  for (const [id, component] of Object.entries(document.components)) componentFeatures(id, component, refuse);
  document.deployment.forEach((binding, index) => {
    const at = (key: string): Path => ['deployment', index, key];
    const unit = binding.strategy === 'blue_green' ? binding.components.find((id) => isReloaded(document.components[id])) : undefined;
    refuse(unit !== undefined, at('strategy'), `strategy blue_green of the systemd unit ${unit ?? ''}, which has deploy_mode hot,`);
  });
  return found;
}

/** It is one unit, with nothing beside it that could be held back. */
const isReloaded = (component: Component | undefined): boolean => component?.run.type === 'systemd' && component.deploy_mode === 'hot';

function componentFeatures(id: string, component: Component, refuse: (used: boolean, path: Path, what: string) => void): void {
  const at = (...rest: Path): Path => ['components', id, ...rest];
  const { source } = component;
  refuse(source?.type === 'git' && source.sync !== undefined, at('source', 'sync'), 'sync');
  refuse(component.build.length > 0 && source === undefined, at('build'), 'build without a source');
  refuse(component.metrics !== undefined, at('metrics'), 'metrics');
}
