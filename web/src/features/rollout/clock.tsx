'use client';

import { createContext, useContext } from 'react';
import { formatTicking } from '../../ui/format.js';
import { Duration, Fixed } from '../../ui/time.js';
import { useNow } from '../../ui/use-now.js';

const ClockContext = createContext<number | null>(null);
/** The moment that is shown, where it is not the present. */
export const ClockProvider = ClockContext.Provider;

/** Now, or the moment that is played back. */
export function useClock(everyMs: number | null): number {
  const shown = useContext(ClockContext);
  const now = useNow(shown === null ? everyMs : null);
  return shown ?? now;
}

/** A duration that goes on until the moment that is shown. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  const shown = useContext(ClockContext);
  if (shown === null || to !== null) return <Duration from={from} to={to} />;
  return <Fixed>{formatTicking(shown - Date.parse(from))}</Fixed>;
}
