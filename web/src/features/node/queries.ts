'use client';

import { useQuery } from '@tanstack/react-query';
import { client, deadline, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';

export const useNodes = () => useQuery({
  queryKey: keys.nodes,
  queryFn: ({ signal }) => unwrap(client.GET('/api/nodes', { signal: deadline(signal) })),
});
