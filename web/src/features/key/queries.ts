'use client';

import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { client, deadline, succeed, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import type { ApiKey } from '../../api/types.js';

export const useKeys = () => useInfiniteQuery({
  queryKey: keys.apiKeys,
  queryFn: ({ signal, pageParam }) => unwrap(client.GET('/api/auth/keys', { params: { query: pageParam === null ? {} : { cursor: pageParam } }, signal: deadline(signal) })),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor: next }) => next,
});

export interface NewKey { name: string; rights: ApiKey['rights']; expires_at: string | null; limits: ApiKey['limits'] }

/** The answer holds the key: it is kept by whoever shows it, and nowhere else. */
export function useCreateKey() {
  const queries = useQueryClient();
  return useMutation({ mutationFn: (body: NewKey) => unwrap(client.POST('/api/auth/keys', { body, signal: deadline() })), onSuccess: () => void queries.invalidateQueries({ queryKey: keys.apiKeys }), gcTime: 0 });
}

export function useRevokeKey() {
  const queries = useQueryClient();
  return useMutation({ mutationFn: (id: string) => succeed(client.DELETE('/api/auth/keys/{id}', { params: { path: { id } }, signal: deadline() })), onSuccess: () => queries.invalidateQueries({ queryKey: keys.apiKeys }) });
}
