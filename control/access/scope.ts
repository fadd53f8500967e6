/** What a narrowed actor may see, resolved from grants and limits at the moment of asking. */
import type { Actor } from '../actor.js';
import { notFound, type Reader } from '../database.js';
import { MaestroError } from '../../spec/errors.js';
import { isNarrowing, type Grants } from './narrowing.js';

/**
 * `deploys`: ids, those of deleted ones included. `hosts`: seen. `placing`: hosts that versions may name; null: any. Every host that any version
 * of a visible deploy names is in `placing`, so that whatever is done to a visible deploy stays on the hosts of the grant.
 */
export interface Scope { readonly deploys: ReadonlySet<string>; readonly hosts: ReadonlySet<string>; readonly placing: ReadonlySet<string> | null }

/** `narrowings` all hold at once. Undefined: nothing narrows. */
export async function resolveScope(db: Reader, narrowings: readonly Grants[]): Promise<Scope | undefined> {
  const narrowing = narrowings.filter(isNarrowing);
  if (narrowing.length === 0) return undefined;
  const tags = narrowing.flatMap(({ host_tags: given }) => (given === undefined ? [] : [given]));
  const placing = tags.length === 0 ? null : await hostsWith(db, tags);
  const named = narrowing.flatMap(({ deploys }) => (deploys === undefined ? [] : [{ id: { in: deploys } }]));
  const rows = await db.deploy.findMany({ where: { AND: [...named, ...onHosts(placing)] }, select: { id: true } });
  const deploys = new Set(rows.map(({ id }) => id));
  return { deploys, placing, hosts: placing ?? (await hostsOf(db, deploys)) };
}

/** A deploy without any host was never looked at, and is nobody's. */
const onHosts = (hosts: ReadonlySet<string> | null) => (hosts === null ? [] : [{ hosts: { some: {}, every: { host: { in: [...hosts] } } } }]);

/** Hosts that have one tag at least of each list. */
async function hostsWith(db: Reader, lists: readonly (readonly string[])[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(lists.map((tags) => db.hostTag.findMany({ where: { tag: { in: [...tags] } }, distinct: ['host'], select: { host: true } })));
  const [first = [], ...others] = found.map((rows) => rows.map(({ host }) => host));
  const rest = others.map((hosts) => new Set(hosts));
  return new Set(first.filter((host) => rest.every((hosts) => hosts.has(host))));
}

async function hostsOf(db: Reader, deploys: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const rows = await db.deployHost.findMany({ where: { deploy_id: { in: [...deploys] } }, distinct: ['host'], select: { host: true } });
  return new Set(rows.map(({ host }) => host));
}

/** Conditions for queries: of a deploy's id, and of a host's name. Empty when nothing narrows. */
export const amongDeploys = (scope: Scope | undefined): { in: string[] }[] => (scope === undefined ? [] : [{ in: [...scope.deploys] }]);
export const amongHosts = (scope: Scope | undefined): { in: string[] }[] => (scope === undefined ? [] : [{ in: [...scope.hosts] }]);

export type Seen = 'deploy' | 'rollout' | 'node';

/** Throws the `not_found` of something that is not there for what the actor may not see. */
export async function assertVisible(db: Reader, { scope }: Pick<Actor, 'scope'>, kind: Seen, id: string): Promise<void> {
  if (scope === undefined || (await isVisible(db, scope, kind, id))) return;
  throw notFound(kind, id);
}

async function isVisible(db: Reader, { deploys, hosts }: Scope, kind: Seen, id: string): Promise<boolean> {
  if (kind === 'deploy') return deploys.has(id);
  if (kind === 'rollout') return (await db.rollout.count({ where: { id, deploy_id: { in: [...deploys] } } })) > 0;
  return (await db.node.count({ where: { OR: [{ id }, { name: id }], name: { in: [...hosts] } } })) > 0;
}

/** The same words whether or not there is such a host. */
export function assertMayPlace({ scope }: Pick<Actor, 'scope'>, hosts: readonly string[]): void {
  const outside = hostsOutside(scope, hosts);
  if (outside.length === 0) return;
  throw new MaestroError('permission_denied', `You may not place anything on ${outside.slice(0, 5).join(', ')}${outside.length > 5 ? ` and ${outside.length - 5} more` : ''}`, {
    fix: 'Name only hosts of your grants, or ask an administrator for a wider grant.', details: { hosts: outside.slice(0, 50), narrowed_by: 'host_tags' },
  });
}

export const hostsOutside = (scope: Scope | undefined, hosts: readonly string[]): string[] => {
  const placing = scope?.placing ?? null;
  return placing === null ? [] : hosts.filter((host) => !placing.has(host));
};

/** A new deploy is in nobody's list of deploys: who is narrowed to some cannot make others. */
export function assertMayCreate({ narrowedToDeploys }: Pick<Actor, 'narrowedToDeploys'>): void {
  if (narrowedToDeploys !== true) return;
  throw new MaestroError('permission_denied', 'Your grants name the deploys you may use, so you cannot make new ones', { fix: 'Ask an administrator to make it, and to add it to your grants.', details: { missing_right: 'deploy.write', narrowed_by: 'deploys' } });
}
