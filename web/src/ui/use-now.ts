'use client';

import { useEffect, useState } from 'react';
import { serverNow } from '../api/server-time.js';

/** The server's time, ticking while somebody looks. `everyMs` null: it stands still. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (everyMs === null) return;
    setNow(serverNow());
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
