/** Answers → YAML: a document of its own, or one that is there with a component added or changed. */
import type { Answers } from './answers.js';
import { answersOf, type Base } from './base.js';
import { patched, PatchRefused, type Change, type Path } from './patch.js';
import { sectionOf, type Plain, type PlainMap } from './section.js';
import { yamlText } from './yaml-text.js';

export type Written = { yaml: string } | { refused: string };

const hostOf = ({ addresses }: Answers, host: string): PlainMap => {
  const address = (addresses[host] ?? '').trim();
  return { type: 'linux', ...(address === '' ? {} : { address }) };
};

function bindingOf({ hosts, component, strategy }: Answers): PlainMap {
  const [only] = hosts;
  const components = [component.trim()];
  return hosts.length === 1 && only !== undefined ? { host: only, components } : { hosts, components, strategy };
}

export function newDocument(answers: Answers): string {
  const { project, component, hosts } = answers;
  return `${yamlText({
    api_version: 'maestro/v1',
    project: project.trim(),
    hosts: Object.fromEntries(hosts.map((host) => [host, hostOf(answers, host)])),
    components: { [component.trim()]: sectionOf(answers) },
    deployment: [bindingOf(answers)],
  })}\n`;
}

const isSameSet = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((item) => other.includes(item));

/** It joins the binding that places things on just these hosts in just this way, or gets one of its own. */
function placementChange(base: Base, answers: Answers): Change {
  const binding = base.bindings.find(({ hosts, strategy, byTags }) => !byTags && isSameSet(hosts, answers.hosts) && (hosts.length === 1 || strategy === answers.strategy));
  if (binding === undefined) return { path: ['deployment', base.bindings.length], value: bindingOf(answers) };
  return { path: ['deployment', binding.index, 'components', binding.components.length], value: answers.component.trim() };
}

export function withComponent(base: Base, answers: Answers): Written {
  const component = answers.component.trim();
  if (component === '' || base.components.includes(component)) return { yaml: base.yaml };
  const hosts = answers.hosts.filter((host) => !base.hosts.includes(host)).map((host): Change => ({ path: ['hosts', host], value: hostOf(answers, host) }));
  const placement = answers.hosts.length === 0 ? [] : [placementChange(base, answers)];
  return written(base, [...hosts, { path: ['components', component], value: sectionOf(answers) }, ...placement]);
}

/** Only what was answered otherwise than the document has it is touched. */
export function upgraded(base: Base, answers: Answers): Written {
  const before = sectionOf(answersOf(base, answers.component));
  return written(base, changesBetween(before, sectionOf(answers), ['components', answers.component]));
}

function written({ yaml }: Base, changes: readonly Change[]): Written {
  try {
    return { yaml: patched(yaml, changes) };
  } catch (error) {
    if (error instanceof PatchRefused) return { refused: error.message };
    throw error;
  }
}

const isMap = (value: Plain | undefined): value is PlainMap => typeof value === 'object' && value !== null && !Array.isArray(value);

export function changesBetween(before: Plain | undefined, after: Plain | undefined, path: Path): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isMap(before) && isMap(after) && before.type === after.type) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    // What comes stands there before anything goes, so that nothing is empty in between.
    const changes = keys.flatMap((key) => changesBetween(before[key], after[key], [...path, key]));
    return [...changes.filter(({ value }) => value !== undefined), ...changes.filter(({ value }) => value === undefined)];
  }
  if (Array.isArray(before) && Array.isArray(after) && after.length > 0) return changesInList(before, after, path);
  return [{ path, value: after }];
}

/** Item by item; what is removed goes from the end, so that the places of the others stay. */
function changesInList(before: readonly Plain[], after: readonly Plain[], path: Path): Change[] {
  const kept = after.flatMap((value, index) => (JSON.stringify(before[index]) === JSON.stringify(value) ? [] : [{ path: [...path, index], value }]));
  const surplus = before.slice(after.length).map((_, index) => ({ path: [...path, before.length - 1 - index], value: undefined }));
  return [...kept, ...surplus];
}
