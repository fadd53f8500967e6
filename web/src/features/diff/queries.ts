'use client';

import { useQuery } from '@tanstack/react-query';
import { client, deadline, diffTimeoutMs, unwrap } from '../../api/client.js';

/**
 * The plan for one version, asked of the hosts anew for every asker (`ask` tells them apart) and then kept as it was read:
 * what a person reviews must not change under their eyes.
 */
export const useDiff = (deployId: string, version: number, ask: string | number, enabled = true) => useQuery({
  queryKey: ['diff', deployId, version, ask],
  queryFn: ({ signal }) => unwrap(client.POST('/api/deploys/{id}/diff', { params: { path: { id: deployId } }, body: { version }, signal: deadline(signal, diffTimeoutMs) })),
  enabled,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
  retry: false,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
});
