/** What the fuzzers start from: the recipes of the guide, and a document that uses every key. */
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

export const everyKey = read('every-key.yaml');
export const recipes: readonly string[] = ['01-hello-nginx', '02-api-postgres', '03-templates-secrets', '04-multi-host'].map((name) => read(`../recipes/${name}.yaml`));
/** The small ones more often: they are read sooner, and a mistake in them is easier to find. */
export const seedDocuments: readonly string[] = [...recipes, ...recipes, ...recipes, everyKey];
