'use client';

import { createContext, useContext } from 'react';
import type { Me } from '../../api/types.js';
import type { Right } from '../../api/words.js';

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

export const useSignedIn = (): Me | null => useContext(MeContext);

/** Whether the person may; the API checks again. */
export const useRight = (right: Right): boolean => useSignedIn()?.rights.includes(right) ?? false;
