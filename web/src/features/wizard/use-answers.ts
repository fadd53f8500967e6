'use client';

import { useEffect, useState } from 'react';
import type { Answers } from './model/answers.js';
import { decodeDraft, encodeDraft } from './model/draft.js';

/** The browser may have no room, or keep nothing at all: then there is no draft, and nothing else is wrong. */
function stored<T>(work: (storage: Storage) => T, otherwise: T): T {
  try {
    return work(window.localStorage);
  } catch {
    return otherwise;
  }
}

/** Answers that a reload does not lose. `forget` drops the draft; nothing is kept of what is typed after. */
export function useAnswers(key: string, initial: () => Answers) {
  const [answers, setAnswers] = useState(() => decodeDraft(stored((storage) => storage.getItem(key), null)) ?? initial());
  const [touched, setTouched] = useState(false);
  useEffect(() => {
    if (touched) stored((storage) => storage.setItem(key, encodeDraft(answers)), undefined);
  }, [touched, key, answers]);
  const forget = () => {
    setTouched(false);
    stored((storage) => storage.removeItem(key), undefined);
  };
  return {
    answers,
    set: (patch: Partial<Answers>) => {
      setTouched(true);
      setAnswers((before) => ({ ...before, ...patch }));
    },
    forget,
    startOver: () => {
      forget();
      setAnswers(initial());
    },
  };
}
