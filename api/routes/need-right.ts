import { lacks, type Actor } from '../../control/actor.js';
import type { Right } from '../../spec/words.js';

/** For what a request asks beyond the right of its route. */
export function needRight(actor: Actor, right: Right): void {
  if (actor.rights.includes(right)) return;
  throw lacks(actor, right);
}
