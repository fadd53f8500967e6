/** The demands of one placement, each with its place in the component, which is where a refusal is told. */
import type { DesiredPlacement } from '../desired.js';
import type { Component } from '../document/index.js';
import type { Path } from '../document/path.js';
import { resolveDest } from '../resolve/paths.js';
import { withoutSlash } from '../resolve/placement.js';
import { demandsOf } from './demands.js';
import type { Demand, DemandPlace } from './permissions.js';

/** `path` is relative to the component. */
export interface PlacedDemand { demand: Demand; path: Path }
export interface PlacementDemands { host: string; component: string; demands: PlacedDemand[] }

/** `component` is rendered, and `placement` made of it. */
export const placementDemands = (component: Component, placement: DesiredPlacement): PlacementDemands =>
  ({ host: placement.host, component: placement.component, demands: demandsOf(placement).map((demand) => ({ demand, path: pathOf(component, placement, demand.at) })) });

function pathOf({ run, config, source }: Component, { component_directory: directory }: DesiredPlacement, at: DemandPlace): Path {
  if (at.kind === 'network') return run.type === 'docker' ? indexed(['run', 'networks'], run.networks.indexOf(at.name)) : ['run'];
  if (at.kind === 'volume') return run.type === 'docker' ? indexed(['run', 'volumes'], run.volumes.findIndex((text) => withoutSlash(text.split(':')[0] ?? '') === at.source || text.startsWith(`${at.source}:`))) : ['run'];
  if (at.kind === 'unit') return Object.hasOwn(run, 'unit_name') ? ['run', 'unit_name'] : ['run'];
  if (at.kind === 'source') return ['source', source?.type === 'git' ? 'repo' : 'path'];
  if (at.kind === 'directory') return Object.hasOwn(run, 'working_directory') ? ['run', 'working_directory'] : ['source'];
  const isIt = ({ dest }: { dest: string }): boolean => resolveDest(withoutSlash(dest), directory) === at.path;
  const template = config.templates.findIndex(isIt);
  if (template >= 0) return ['config', 'templates', template, 'dest'];
  const file = config.files.findIndex(isIt);
  return file >= 0 ? ['config', 'files', file, 'dest'] : ['config'];
}

const indexed = (path: Path, index: number): Path => (index < 0 ? path : [...path, index]);
