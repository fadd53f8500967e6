/**
 * A document without what is wrong in its shape, so that the names in the rest of it can be looked at as well. Only what can
 * be left out without becoming something else is taken out; where that is not enough, there is nothing more to be said.
 */
import type { z } from 'zod';
import { documentSchema, type DeployDocument } from './schema.js';

type Issue = z.core.$ZodIssue;

/** With more than these, names are not what a person mends next. */
const issuesMax = 100;

export function withoutWrong(value: unknown, issues: readonly Issue[]): DeployDocument | null {
  if (issues.length > issuesMax) return null;
  const copy = structuredClone(value);
  for (const issue of issues) if (!takeOut(copy, issue)) return null;
  const shape = documentSchema.safeParse(copy);
  return shape.success ? shape.data : null;
}

function takeOut(document: unknown, issue: Issue): boolean {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const holder = at(document, path);
    if (!isMap(holder)) return false;
    for (const key of issue.keys) Reflect.deleteProperty(holder, key);
    return true;
  }
  const [section, , ...rest] = path;
  const key = path.at(-1);
  const holder = at(document, path.slice(0, -1));
  // An element of a list leaves a hole, and an entry that others may name is missed.
  if (typeof key !== 'string' || !isMap(holder) || (section === 'components' && rest.length === 0)) return false;
  if (section === 'hosts' && rest.length === 0) holder[key] = {};
  else Reflect.deleteProperty(holder, key);
  return true;
}

const at = (document: unknown, path: readonly PropertyKey[]): unknown => path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined), document);
const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
