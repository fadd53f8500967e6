'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';
import { stepStates, type StepState } from '../../api/words.js';

export const views = ['steps', 'timeline', 'graph'] as const;
export type View = (typeof views)[number];
const isView = (value: string | null): value is View => views.some((view) => view === value);
const isState = (value: string | null): value is StepState => stepStates.some((state) => state === value);

/** `step`: null by choice, undefined while nobody has chosen. */
export interface Place { view: View; step: string | null | undefined; state: StepState | null; playing: boolean }
export interface PageView extends Place { go: (change: Partial<Place>) => void }

/** What is looked at is in the URL, so that it can be linked to and the back button works. */
export function usePageView(): PageView {
  const asked = useSearchParams();
  const path = usePathname();
  const view = asked.get('view');
  const state = asked.get('state');
  const step = asked.get('step');
  const go = useCallback((change: Partial<Place>) => {
    const next = new URLSearchParams(window.location.search);
    const put = (name: string, value: string | null) => (value === null ? next.delete(name) : next.set(name, value));
    if (change.view !== undefined) put('view', change.view === 'steps' ? null : change.view);
    if (change.step !== undefined) put('step', change.step ?? 'none');
    if (change.state !== undefined) put('state', change.state);
    if (change.playing !== undefined) put('play', change.playing ? '1' : null);
    const query = next.toString().replaceAll('%2F', '/');
    window.history.pushState(null, '', query === '' ? path : `${path}?${query}`);
  }, [path]);
  return {
    view: isView(view) ? view : 'steps', state: isState(state) ? state : null, playing: asked.get('play') === '1',
    step: step === 'none' ? null : step ?? undefined, go,
  };
}
