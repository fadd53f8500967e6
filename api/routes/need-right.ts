import type { Actor } from '../../control/actor.js';
import { MaestroError } from '../../spec/errors.js';
import type { Right } from '../../spec/words.js';

/** For what a request asks beyond the right of its route. */
export function needRight({ rights }: Actor, right: Right): void {
  if (rights.includes(right)) return;
  throw new MaestroError('permission_denied', `You lack the right ${right}`, { fix: `Ask an administrator for the right ${right}.`, details: { missing_right: right } });
}
