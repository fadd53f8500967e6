'use client';

import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { followEvents } from '../../api/browser-stream.js';
import type { StreamStatus } from '../../api/event-stream.js';
import { keys } from '../../api/keys.js';
import type { Event } from '../../api/types.js';

const LiveContext = createContext<StreamStatus>('connecting');
export const useLiveStatus = (): StreamStatus => useContext(LiveContext);

/** Which answers an event makes old. A rollout's own page follows its events itself. */
function outdated({ type, deploy_id: deployId }: Event): readonly (readonly unknown[])[] {
  switch (type) {
    case 'rollout.state':
    case 'deploy.version':
      return deployId ? [keys.deploys, keys.deploy(deployId)] : [keys.deploys];
    case 'node.state':
      return [keys.nodes, keys.nodeDetails, keys.enrollments];
    case 'component.state':
    case 'component.drift':
      return [keys.nodeDetails];
    default:
      return [];
  }
}

/** A rollout's page closes its own gaps; a diff stays as it was read. */
const everything = [keys.deploys, keys.nodes, keys.nodeDetails, keys.enrollments];

/** An event does not name these one by one: all that are looked at are read again. */
const families: readonly (readonly unknown[])[] = [keys.nodeDetails, keys.enrollments];

function refresh(queries: QueryClient, events: readonly Event[]): void {
  const old = new Map(events.flatMap(outdated).map((key) => [JSON.stringify(key), key]));
  for (const queryKey of old.values()) void queries.invalidateQueries({ queryKey, exact: !families.includes(queryKey) });
}

/** One subscription for the whole console: it keeps the lists fresh and feeds the badge. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [status, setStatus] = useState<StreamStatus>('connecting');

  useEffect(() => followEvents({}, {
    onEvents: (events) => refresh(queries, events),
    onGap: () => everything.forEach((queryKey) => void queries.invalidateQueries({ queryKey })),
    onStatus: (next) => {
      setStatus(next);
      if (next === 'reconnecting') void queries.invalidateQueries({ queryKey: keys.me });
    },
  }, null), [queries]);

  return <LiveContext.Provider value={status}>{children}</LiveContext.Provider>;
}
