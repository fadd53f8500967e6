/** The templates of the fuzz, each made from the seed and its number alone. */
import { template } from './grammar.js';
import { nastyWords } from './nasty.js';
import { Random } from './random.js';

export function fuzzedTemplate(seed: number, index: number): string {
  const random = new Random(seed, index);
  const text = template(random, random.below(4));
  if (!random.once(4)) return text;
  // A slip of the hand: something cut out, something put in.
  const at = random.below(text.length + 1);
  return text.slice(0, at) + (random.once(2) ? random.pick(nastyWords) : '') + text.slice(at + random.below(6));
}
