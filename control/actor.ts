/** Who does something: recorded with every change. */
import { MaestroError } from '../spec/errors.js';
import { rights, type Right } from '../spec/words.js';
import type { Limits } from './access/narrowing.js';
import type { Scope } from './access/scope.js';

export interface Actor {
  kind: 'user' | 'key' | 'system';
  id: string;
  name: string;
  rights: readonly Right[];
  /** What is all that there is for them; absent: everything. */
  scope?: Scope;
  /** Their grants or limits are a list of deploys. */
  narrowedToDeploys?: boolean;
  /** Of a key. */
  limits?: Pick<Limits, 'plan_only' | 'hosts_per_day'>;
  /** The password was given to them: they change it, or sign out; nothing else. */
  mustChangePassword?: boolean;
}

/** The control plane itself: sweepers, reconcilers, the first setup. */
export const systemActor: Actor = { kind: 'system', id: 'system', name: 'maestro', rights };

export function requireRight(actor: Actor, right: Right): void {
  if (actor.rights.includes(right)) return;
  throw lacks(actor, right);
}

/** The refusal that names the right, and what it is that took it away. */
export function lacks({ name, limits }: Pick<Actor, 'name' | 'limits'>, right: Right): MaestroError {
  const planOnly = limits?.plan_only === true;
  return new MaestroError('permission_denied', planOnly ? `This key is for plans only; it lacks the right ${right}` : `You lack the right ${right}`, {
    fix: planOnly ? `Use a key that is not plan_only and has ${right}.` : `Ask an administrator for the right ${right}.`,
    details: { missing_right: right, actor: name, ...(planOnly ? { limited_by: 'plan_only' } : {}) },
  });
}
