'use client';

import { createContext, useContext } from 'react';
import type { Node } from '../../api/types.js';
import type { Answers, Entry } from './model/answers.js';
import type { Base } from './model/base.js';
import type { FieldProblems } from './model/field-problems.js';

export interface WizardState {
  entry: Entry;
  answers: Answers;
  set: (patch: Partial<Answers>) => void;
  /** What is shown at the fields. */
  problems: FieldProblems;
  base: Base | null;
  nodes: Node[];
}

const WizardContext = createContext<WizardState | null>(null);
export const WizardProvider = WizardContext.Provider;

export function useWizard(): WizardState {
  const state = useContext(WizardContext);
  if (state === null) throw new Error('a step stands inside of a wizard');
  return state;
}
