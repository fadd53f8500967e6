/** Who does something: recorded with every change. */
import { MaestroError } from '../spec/errors.js';
import { rights, type Right } from '../spec/words.js';

export interface Actor { kind: 'user' | 'key' | 'system'; id: string; name: string; rights: readonly Right[] }

/** The control plane itself: sweepers, reconcilers, the first setup. */
export const systemActor: Actor = { kind: 'system', id: 'system', name: 'maestro', rights };

export function requireRight(actor: Actor, right: Right): void {
  if (actor.rights.includes(right)) return;
  throw new MaestroError('permission_denied', `${actor.name} lacks the right ${right}.`, {
    fix: `Ask an administrator for a role or key with ${right}.`,
    details: { missing_right: right, actor: actor.name },
  });
}
