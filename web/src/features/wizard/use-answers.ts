'use client';

import { useEffect, useState } from 'react';
import type { Answers } from './model/answers.js';
import { decodeDraft, encodeDraft, type Draft } from './model/draft.js';
import { rebased } from './model/rebase.js';

/** The browser may have no room, or keep nothing at all: then there is no draft, and nothing else is wrong. */
function stored<T>(work: (storage: Storage) => T, otherwise: T): T {
  try {
    return work(window.localStorage);
  } catch {
    return otherwise;
  }
}

/** A draft of a change goes on from what the component says now. */
const resumed = (draft: Draft, from: Answers | null): Answers => (draft.from !== null && from !== null ? rebased(draft.from, draft.answers, from) : draft.answers);

export interface Beginning { key: string; /** Changes when there is something new to begin from. */ version: number | null; initial: () => Answers; /** Whether the answers are what a component says. */ isChange: boolean }

/** Answers that a reload does not lose. `forget` drops the draft; nothing is kept of what is typed after. */
export function useAnswers({ key, version, initial, isChange }: Beginning) {
  const begin = () => {
    const first = initial();
    return { answers: first, from: isChange ? first : null, version };
  };
  const [held, setHeld] = useState(() => {
    const fresh = begin();
    const draft = decodeDraft(stored((storage) => storage.getItem(key), null));
    return draft === null ? fresh : { ...fresh, answers: resumed(draft, fresh.from) };
  });
  if (held.version !== version) {
    const fresh = begin();
    setHeld({ ...fresh, answers: resumed(held, fresh.from) });
  }
  const [touched, setTouched] = useState(false);
  useEffect(() => {
    if (touched) stored((storage) => storage.setItem(key, encodeDraft(held)), undefined);
  }, [touched, key, held]);
  const forget = () => {
    setTouched(false);
    stored((storage) => storage.removeItem(key), undefined);
  };
  return {
    answers: held.answers,
    set: (patch: Partial<Answers>) => {
      setTouched(true);
      setHeld((before) => ({ ...before, answers: { ...before.answers, ...patch } }));
    },
    forget,
    startOver: () => {
      forget();
      setHeld(begin());
    },
  };
}
