/** Why a step waits, in one line: what it waits for, and what is wrong at the far end of the chain. */
import { splitStepId, type BlockedStep } from '../spec/walker.js';

const namedMax = 3;

/**
 * A reason never quotes another reason but that of a step which itself waits for nobody: quoted along a chain they
 * would double with every link, and a long rollout is a long chain. `reasonOf` is asked about such steps only.
 */
export function waitingReasons(waiting: readonly BlockedStep[], reasonOf: (id: string) => string | undefined): Map<string, string> {
  const behind = new Map(waiting.map((step) => [step.id, step.blocked_by]));
  const why = (id: string): string => {
    const root = farEnd(behind, id);
    const reason = reasonOf(root) ?? '';
    if (reason === '') return nameOf(id);
    return root === id ? `${nameOf(id)}: ${reason}` : `${nameOf(id)}: waiting for ${nameOf(root)}: ${reason}`;
  };
  return new Map(waiting.map(({ id, blocked_by: by }) => {
    const more = by.length > namedMax ? ` and ${by.length - namedMax} more` : '';
    return [id, `waiting for ${by.slice(0, namedMax).map(why).join('; ')}${more}`];
  }));
}

/** Along the first step that each waits for, to one that waits for none. A graph has no circles; the bound is for one that does. */
function farEnd(behind: ReadonlyMap<string, readonly string[]>, id: string): string {
  let at = id;
  for (let left = behind.size; left > 0; left -= 1) {
    const [next] = behind.get(at) ?? [];
    if (next === undefined) return at;
    at = next;
  }
  return at;
}

const nameOf = (id: string): string => {
  const [host = '', component = ''] = splitStepId(id);
  return `${component} on ${host}`;
};
