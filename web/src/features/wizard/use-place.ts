'use client';

import { useSearchParams } from 'next/navigation';
import { isEntry, type Entry } from './model/answers.js';
import { stepNamed, type Step } from './model/steps.js';

export interface Place { entry: Entry; deploy: string | null; component: string | null; step: Step }

export function wizardPath({ entry, deploy, component, step }: Partial<Place>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ entry, deploy, component, step })) if (value) query.set(name, value);
  return `/wizard${query.size === 0 ? '' : `?${query.toString()}`}`;
}

/** Where one is, all of it in the address: links lead here, and the back button goes a step back. A link to a deploy begins behind the choice that it has made. */
export function usePlace(): [Place, (to: Place) => void] {
  const query = useSearchParams();
  const asked = query.get('entry');
  const entry = isEntry(asked) ? asked : 'new';
  const deploy = entry === 'new' ? null : query.get('deploy');
  const component = entry === 'upgrade-component' ? query.get('component') : null;
  const chosen = entry === 'add-component' ? deploy !== null : entry === 'upgrade-component' && deploy !== null && component !== null;
  const first: Step = entry === 'upgrade-component' ? 'details' : 'intent';
  const step = stepNamed(entry, query.get('step') ?? (chosen ? first : null));
  return [{ entry, deploy, component, step }, (to) => window.history.pushState(null, '', wizardPath(to))];
}
