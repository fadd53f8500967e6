/** What a request of somebody who is narrowed may reach: decided for every row before its handler runs, and by default nothing. */
import { assertVisible, type Seen } from '../control/access/index.js';
import type { Actor } from '../control/actor.js';
import type { Db } from '../control/database.js';
import { MaestroError } from '../spec/errors.js';
import type { Route } from './route.js';

const nouns: readonly (readonly [RegExp, Seen])[] = [[/^\/api\/deploys\/\{id\}/, 'deploy'], [/^\/api\/rollouts\/\{id\}/, 'rollout'], [/^\/api\/nodes\/\{id\}/, 'node']];

/** What the id in the path is one of, as far as grants narrow it. */
export const seenOf = ({ path }: Pick<Route, 'path'>): Seen | null => nouns.find(([pattern]) => pattern.test(path))?.[1] ?? null;

/** Throws `not_found` for what they may not see, as if it were not there; `permission_denied` for what is for all deploys and hosts at once. */
export async function checkNarrowed(row: Pick<Route, 'path' | 'right' | 'narrowed'>, actor: Actor, id: unknown, db: Db): Promise<void> {
  if (actor.scope === undefined || row.right === 'public' || row.right === 'session') return;
  const seen = seenOf(row);
  if (seen !== null) return assertVisible(db, actor, seen, typeof id === 'string' ? id : '');
  if (row.narrowed !== undefined) return;
  throw new MaestroError('permission_denied', `Your grants are narrowed, and this needs the right ${row.right} without narrowing`, {
    fix: 'Ask an administrator, or use a key without limits of deploys and host tags.', details: { missing_right: row.right, narrowed: true },
  });
}
