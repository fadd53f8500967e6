/**
 * What has to hold after every schedule (I1–I6 of the reliability bar), seen from outside: the hosts' engines, kernels and
 * disks, the database's own tables, Temporal. Every answer is a list of what is wrong.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Rollout } from '../rollouts/api-client.js';
import { components, configPath, containerOf, imageOf, sitePath, type Component, type Piece, type Shape } from './documents.js';
import { patientRows } from './patient-query.js';
import type { SimulatedFleet } from './simulated-fleet.js';
import type { SimulatedHost } from './simulated-host.js';

export type Placement = `${string}/${Component}`;
/** What each placement was last brought to; null: it was never there. */
export type Standing = ReadonlyMap<Placement, Piece | null>;
/** Placements whose first attempt came to nothing: what it made is the deploy's, and stays, stopped, to be looked at or gone on from. */
export type Remains = ReadonlySet<Placement>;

/** Hosts have exactly what the steps say: the container that runs, where its port leads, the files; and nothing else (I1, I3). */
export async function hostTroubles(fleet: SimulatedFleet, shape: Shape, standing: Standing, remains: Remains): Promise<string[]> {
  const found = await Promise.all(shape.hosts.map(async (id) => {
    const host = fleet.host(id);
    const there = components.flatMap((component) => {
      const piece = standing.get(`${id}/${component}`) ?? null;
      return piece === null ? [] : [{ component, piece }];
    });
    const left = components.filter((component) => remains.has(`${id}/${component}`));
    const isLeft = (name: string): boolean => left.some((component) => name.startsWith(containerOf(shape, component)));
    const wanted = there.map(({ component, piece }) => `${containerOf(shape, component)} ${imageOf(piece)} running`).sort();
    const seen = [...host.engine.containers.values()].filter(({ name, status }) => !(isLeft(name) && status !== 'running')).map(({ name, image, status }) => `${name} ${image} ${status}`).sort();
    return [
      ...differing(`containers on ${id}`, wanted, seen), ...differing(`networks on ${id}`, there.length + left.length === 0 ? [] : [shape.project], there.length === 0 && left.length > 0 ? [shape.project] : [...host.engine.networks]),
      ...host.engine.violations.map((what) => `${id}: ${what}`),
      ...(await portTroubles(host, shape, there.map(({ component }) => component))),
      ...(await fileTroubles(shape, id, there, isLeft)), ...(await journalTroubles(host)),
    ];
  }));
  return found.flat();
}

/** The ports that are published beside Docker lead to the container that has the component's name. */
async function portTroubles(host: SimulatedHost, shape: Shape, there: readonly Component[]): Promise<string[]> {
  const leads = await host.kernel.leadsTo();
  const beside = there.filter((component) => shape.modes[component] !== 'cold' || shape.strategy === 'blue_green');
  const wanted = beside.map((component) => {
    const container = host.engine.running().find(({ name }) => name === containerOf(shape, component));
    return `${shape.port + components.indexOf(component)}/tcp ${container?.ip ?? 'nowhere'}:80`;
  }).sort();
  return differing(`published ports of ${host.id}`, wanted, Object.entries(leads).map(([port, to]) => `${port} ${to}`).sort());
}

async function fileTroubles(shape: Shape, host: string, there: readonly { component: Component; piece: Piece }[], isLeft: (name: string) => boolean): Promise<string[]> {
  const folder = dirname(configPath(shape, host, 'db'));
  const wanted = there.flatMap(({ component, piece }) => [`${configPath(shape, host, component)}: ${piece.config}`, `${sitePath(shape, host, component)}/current/index.html: ${piece.page}`]).sort();
  const seen = await Promise.all(there.flatMap(({ component }) => [configPath(shape, host, component), `${sitePath(shape, host, component)}/current/index.html`]).map(async (path) => `${path}: ${await readFile(path, 'utf8').catch((error: unknown) => String(error))}`));
  const names = await readdir(folder).catch(() => []);
  const own = there.flatMap(({ component }) => [configPath(shape, host, component), sitePath(shape, host, component)]).map((path) => path.slice(folder.length + 1)).sort();
  const inSites = await Promise.all(there.map(async ({ component }) => differing(sitePath(shape, host, component), ['current', 'releases'], (await readdir(sitePath(shape, host, component)).catch(() => [])).sort())));
  return [...differing(`files on ${host}`, wanted, seen.sort()), ...differing(folder, own, names.filter((name) => !isLeft(name)).sort()), ...inSites.flat()];
}

/** No attempt is open, and nothing is kept for putting back. */
async function journalTroubles(host: SimulatedHost): Promise<string[]> {
  const placements = await readdir(`${host.folder}/journal`, { recursive: true }).catch(() => []);
  const kept = placements.filter((path) => /^previous\/[^/]+\/./.test(path) || /\.(tmp|part|new)$/.test(path));
  return kept.map((path) => `left in the journal of ${host.id}: ${path}`);
}

/** One effect: no attempt of a placement made more than one container (I2). */
export function effectTroubles(fleet: SimulatedFleet, shape: Shape): string[] {
  return shape.hosts.flatMap((id) => {
    const times = new Map<string, number>();
    for (const { name, attempt } of fleet.host(id).engine.created) {
      const key = `${name.replace(/\.maestro-next$/, '')} by ${attempt}`;
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    return [...times].filter(([, count]) => count > 1).map(([key, count]) => `${id}: ${key} was created ${count} times`);
  });
}

interface StateEvent { type: string; rollout_id: string; host: string | null; component: string | null; data: { state?: string; attempt?: number; reason?: string; number?: number } }

/** The events of a rollout end where its row and steps are, say nothing twice in a row, and nothing after the end (I1, I4). */
export async function storyTroubles(fleet: Pick<SimulatedFleet, 'db'>, rollout: Rollout): Promise<string[]> {
  const rows = await patientRows<StateEvent>(fleet.db, "SELECT type, rollout_id, host, component, data FROM events WHERE rollout_id = $1 AND type IN ('rollout.state', 'step.state') ORDER BY id", [rollout.rollout_id]);
  const last = new Map<string, StateEvent['data']>();
  const found: string[] = [];
  for (const { type, host, component, data } of rows) {
    const who = type === 'rollout.state' ? 'rollout' : `${host ?? ''}/${component ?? ''}`;
    const before = last.get(who);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(data)) found.push(`${rollout.rollout_id}: ${who} ${data.state ?? ''} was told twice in a row`);
    if (who !== 'rollout' && (data.attempt ?? 0) < (before?.attempt ?? 0)) found.push(`${rollout.rollout_id}: ${who} told of attempt ${data.attempt ?? 0} after ${before?.attempt ?? 0}`);
    if (endStates.has(last.get('rollout')?.state ?? '') && !(last.get('rollout')?.state === 'failed' && data.state === 'rolled_back')) found.push(`${rollout.rollout_id}: ${who} ${data.state ?? ''} after the end`);
    last.set(who, data);
  }
  const told = [...last].map(([who, { state }]) => `${who} ${state ?? ''}`).sort();
  const real = [`rollout ${rollout.state}`, ...rollout.steps.map(({ step, state }) => `${step} ${state}`)].sort();
  return [...found, ...differing(`events of ${rollout.rollout_id}`, real, told.filter((line) => real.some((one) => one.split(' ')[0] === line.split(' ')[0])))];
}

const endStates: ReadonlySet<string> = new Set(['succeeded', 'failed', 'aborted', 'rolled_back']);

export function differing(what: string, wanted: readonly string[], seen: readonly string[]): string[] {
  return JSON.stringify(wanted) === JSON.stringify(seen) ? [] : [`${what}: ${JSON.stringify(seen)}, and should be ${JSON.stringify(wanted)}`];
}
