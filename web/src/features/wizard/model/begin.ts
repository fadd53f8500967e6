/** With what each way in begins, and what its answers come to. */
import { addComponentAnswers, newDeployAnswers, noAnswers, type Answers, type Entry } from './answers.js';
import { answersOf, type Base } from './base.js';
import { newDocument, upgraded, withComponent, type Written } from './write.js';

export interface KnownNode { name: string; online: boolean; address: string | null; facts: { docker: boolean } }
export interface Beginning { entry: Entry; component: string | null; base: Base | null; nodes: readonly KnownNode[] }

/** One that can run an image, and among these one that answers. */
const bestNode = (nodes: readonly KnownNode[]): KnownNode | undefined => [...nodes].sort((a, b) => Number(b.facts.docker) - Number(a.facts.docker) || Number(b.online) - Number(a.online))[0];

export function initialAnswers({ entry, component, base, nodes }: Beginning): Answers {
  if (entry === 'upgrade-component') return base !== null && component !== null && base.components.includes(component) ? answersOf(base, component) : noAnswers;
  const addresses = Object.fromEntries(nodes.map(({ name, address }) => [name, address ?? '']));
  // Where there is only one place for everything else, this one goes there too.
  if (entry === 'add-component') return { ...addComponentAnswers(base?.project ?? '', base?.hosts.length === 1 ? base.hosts : []), addresses };
  const best = bestNode(nodes);
  return { ...newDeployAnswers, hosts: best === undefined ? [] : [best.name], addresses };
}

export function documentOf(entry: Entry, base: Base | null, answers: Answers): Written {
  if (entry === 'new') return { yaml: newDocument(answers) };
  if (base === null) return { yaml: '' };
  if (entry === 'add-component') return withComponent(base, answers);
  return base.components.includes(answers.component) ? upgraded(base, answers) : { yaml: base.yaml };
}
