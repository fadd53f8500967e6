/** The documents of the fuzz, each made from the seed and its number alone. */
import { parse } from 'yaml';
import { generatedDocument } from './generate.js';
import { mutatedStructure } from './mutate-structure.js';
import { mutatedText } from './mutate-text.js';
import { printed } from './print.js';
import { Random } from './random.js';
import { seedDocuments } from './seed-documents.js';

const seedValues: readonly unknown[] = seedDocuments.map((text): unknown => parse(text));

export function fuzzedDocument(seed: number, index: number): string {
  const random = new Random(seed, index);
  const kind = random.below(10);
  if (kind < 5) return mutatedText(random.pick(seedDocuments), random, random.pick(seedDocuments));
  if (kind < 8) return printed(mutatedStructure(random.pick(seedValues), random), random);
  const text = printed(generatedDocument(random), random);
  return kind === 8 ? text : mutatedText(text, random, random.pick(seedDocuments));
}
