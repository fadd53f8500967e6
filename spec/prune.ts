/**
 * What a deploy has made on a host and does not need any more. Decided from its own marks alone – the host's journal for
 * units, files, folders and links, labels for what is in Docker – so that nothing can be named that is not its own. Pure.
 */
import type { DesiredPlacement } from './desired.js';
import type { FieldChange, PlacementPlan } from './plan.js';
import { fieldChange } from './plan-fields.js';
import { unitNames } from './slots.js';

/** What the journal says that a placement owns. */
export interface OwnedPlacement {
  component: string;
  units: string[];
  files: string[];
  trees: { dest: string; strategy: 'overwrite' | 'atomic' | 'atomic_symlink'; releases: string[]; files: string[] }[];
  links: string[];
}

export interface Mark { deploy_id: string; component: string }
/** Everything that Docker has on the host; `owner`: null without a mark. */
export interface DockerHere {
  containers: { id: string; name: string; owner: Mark | null; networks: string[]; volumes: string[] }[];
  networks: { id: string; name: string; owner: Mark | null }[];
  volumes: { name: string; owner: Mark | null }[];
}

export type Removal =
  | { op: 'remove_container'; id: string; name: string }
  | { op: 'remove_unit'; unit: string }
  | { op: 'remove_link'; path: string }
  | { op: 'remove_file'; path: string }
  | { op: 'remove_tree'; dest: string; strategy: OwnedPlacement['trees'][number]['strategy']; files: string[]; releases: string[] }
  | { op: 'remove_releases' }
  | { op: 'remove_network'; id: string; name: string }
  | { op: 'remove_volume'; name: string };

/** `whole`: nothing of the component stays on this host, and what is remembered of it is forgotten. */
export interface PlacementRemoval { component: string; whole: boolean; removals: Removal[] }

export interface PruneQuestion {
  deploy_id: string;
  owned: readonly OwnedPlacement[];
  docker: DockerHere;
  /** What stays: this deploy's placements on this host in the version that is applied. */
  kept: readonly DesiredPlacement[];
  /** Components, those that others depend on first; they go last. */
  order: readonly string[];
  /** Volumes hold what cannot be made again, so that they go only when it is asked for. */
  volumes: boolean;
}

/** In the order in which it is to be done: whoever depends on others goes before them. */
export function placementRemovals(question: PruneQuestion): PlacementRemoval[] {
  const { deploy_id, owned, docker, kept, order } = question;
  const mine = (owner: Mark | null): string[] => (owner?.deploy_id === deploy_id ? [owner.component] : []);
  const components = new Set([...owned.map(({ component }) => component), ...[...docker.containers, ...docker.networks, ...docker.volumes].flatMap(({ owner }) => mine(owner))]);
  const keeps = keepsOf(kept);
  const first = [...components].sort((a, b) => order.indexOf(b) - order.indexOf(a) || (a < b ? -1 : 1));
  const ordered = [...first.filter((component) => !order.includes(component)), ...first.filter((component) => order.includes(component))];
  const found = ordered.map((component) => removalOf(question, keeps, component));
  return withShared(question, keeps, found).filter(({ removals, whole, component }) => removals.length > 0 || (whole && owned.some((one) => one.component === component)));
}

interface Keeps { byComponent: ReadonlyMap<string, DesiredPlacement>; paths: ReadonlySet<string>; units: ReadonlySet<string>; trees: ReadonlySet<string>; links: ReadonlySet<string>; networks: ReadonlySet<string>; volumes: ReadonlySet<string>; containers: ReadonlySet<string> }

function keepsOf(kept: readonly DesiredPlacement[]): Keeps {
  const dockerRuns = kept.flatMap(({ run }) => (run.type === 'docker' ? [run] : []));
  return {
    byComponent: new Map(kept.map((placement) => [placement.component, placement])),
    paths: new Set(kept.flatMap(({ files, trees }) => [...files.map(({ path }) => path), ...trees.flatMap(({ dest, files: inTree }) => inTree.map(({ path }) => `${dest}/${path}`))])),
    units: new Set(kept.flatMap(({ run }) => (run.type === 'systemd' ? unitNames(run) : []))),
    trees: new Set(kept.flatMap(({ trees }) => trees.map(({ dest }) => dest))),
    links: new Set(kept.flatMap(({ source, component_directory }) => (source === null ? [] : [component_directory]))),
    networks: new Set(dockerRuns.flatMap(({ networks }) => networks)),
    volumes: new Set(dockerRuns.flatMap(({ volumes }) => volumes.flatMap(({ kind, source }) => (kind === 'volume' ? [source] : [])))),
    containers: new Set(dockerRuns.map(({ container_name }) => container_name)),
  };
}

function removalOf({ deploy_id, owned, docker }: PruneQuestion, keeps: Keeps, component: string): PlacementRemoval {
  const record = owned.find((one) => one.component === component) ?? { component, units: [], files: [], trees: [], links: [] };
  const stays = keeps.byComponent.get(component) ?? null;
  const links = record.links.filter((path) => !keeps.links.has(path));
  const containers = stays?.run.type === 'docker' ? [] : docker.containers.filter(({ owner, name }) => owner?.deploy_id === deploy_id && owner.component === component && !keeps.containers.has(name));
  return {
    component, whole: stays === null,
    removals: [
      ...containers.map(({ id, name }): Removal => ({ op: 'remove_container', id, name })),
      ...record.units.filter((unit) => !keeps.units.has(unit) && !isVariantOf(unit, unitOf(stays))).map((unit): Removal => ({ op: 'remove_unit', unit })),
      ...links.map((path): Removal => ({ op: 'remove_link', path })),
      ...record.files.filter((path) => !keeps.paths.has(path) && !(stays?.files ?? []).some((file) => isVariantOf(path, file.path))).map((path): Removal => ({ op: 'remove_file', path })),
      ...record.trees.filter(({ dest }) => !keeps.trees.has(dest)).map(({ dest, strategy, files, releases }): Removal => ({ op: 'remove_tree', dest, strategy, releases, files: files.filter((path) => !keeps.paths.has(`${dest}/${path}`)) })),
      ...(record.links.length > 0 && links.length === record.links.length && (stays === null || stays.source === null) ? [{ op: 'remove_releases' } as const] : []),
    ],
  };
}

const unitOf = (stays: DesiredPlacement | null): string | null => (stays?.run.type === 'systemd' ? stays.run.unit_name.replace(/\.service$/, '') : null);

/** What a component that stays has beside its own by a name made of it, such as the other one of two slots. */
const isVariantOf = (name: string, own: string | null): boolean => own !== null && name.startsWith(own);

/** Networks and volumes are for several components: they go when nobody who stays has them, whoever that is. */
function withShared({ deploy_id, docker, volumes }: PruneQuestion, keeps: Keeps, found: readonly PlacementRemoval[]): PlacementRemoval[] {
  const gone = new Set(found.flatMap(({ removals }) => removals.flatMap((removal) => (removal.op === 'remove_container' ? [removal.id] : []))));
  const staying = docker.containers.filter(({ id }) => !gone.has(id));
  const usedNetworks = new Set(staying.flatMap(({ networks }) => networks));
  const usedVolumes = new Set(staying.flatMap((container) => container.volumes));
  return found.map(({ component, whole, removals }) => {
    const isOwn = ({ owner }: { owner: Mark | null }): boolean => owner?.deploy_id === deploy_id && owner.component === component;
    const networks = docker.networks.filter((network) => isOwn(network) && !keeps.networks.has(network.name) && !usedNetworks.has(network.name));
    const unused = volumes ? docker.volumes.filter((volume) => isOwn(volume) && !keeps.volumes.has(volume.name) && !usedVolumes.has(volume.name)) : [];
    return { component, whole, removals: [...removals, ...networks.map(({ id, name }): Removal => ({ op: 'remove_network', id, name })), ...unused.map(({ name }): Removal => ({ op: 'remove_volume', name }))] };
  });
}

const words: Record<Removal['op'], string> = {
  remove_container: 'container', remove_unit: 'unit', remove_link: 'link', remove_file: 'file', remove_tree: 'folder', remove_releases: 'releases', remove_network: 'network', remove_volume: 'volume',
};

/** `container web`, `file /etc/app.conf`. */
export const removalText = (removal: Removal): string => [words[removal.op], nameOf(removal)].filter((part) => part !== '').join(' ');

function nameOf(removal: Removal): string {
  switch (removal.op) {
    case 'remove_unit': return removal.unit;
    case 'remove_link':
    case 'remove_file': return removal.path;
    case 'remove_tree': return removal.dest;
    case 'remove_releases': return '';
    default: return removal.name;
  }
}

const shownMax = 50;

/** How a diff shows it. */
export function removalPlan({ component, removals }: PlacementRemoval): PlacementPlan {
  const fields = removals.slice(0, shownMax).map((removal): FieldChange => fieldChange(`${words[removal.op]}${removal.op === 'remove_file' || removal.op === 'remove_tree' ? `s.${nameOf(removal)}` : ''}`, 'desired', nameOf(removal), null));
  const runs = removals.some(({ op }) => op === 'remove_container' || op === 'remove_unit');
  return {
    component, action: 'remove', restart: false, downtime: runs, reasons: removals.length === 0 ? ['only what is remembered of it is left'] : removals.slice(0, shownMax).map((removal) => `removes the ${removalText(removal)}`),
    fields, files: [], operations: [], observed_state: 'unknown', needs_prepare: false,
  };
}

/** Those that others depend on first, over all that was ever said of them; circles are cut where they are met. */
export function dependenciesFirst(dependsOn: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = [];
  const visited = new Set<string>();
  for (const start of [...dependsOn.keys()].sort()) {
    const path: { component: string; left: string[] }[] = [];
    const enter = (component: string): void => {
      if (visited.has(component)) return;
      visited.add(component);
      path.push({ component, left: [...(dependsOn.get(component) ?? [])] });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.left.shift();
      if (next !== undefined) enter(next);
      else order.push(path.pop()?.component ?? '');
    }
  }
  return order;
}
