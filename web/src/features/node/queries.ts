'use client';

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, deadline, succeed, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import type { NodeDetail } from '../../api/types.js';

export const useNodes = () => useInfiniteQuery({
  queryKey: keys.nodes,
  queryFn: ({ signal, pageParam }) => unwrap(client.GET('/api/nodes', { params: { query: { limit: 200, ...(pageParam === null ? {} : { cursor: pageParam }) } }, signal: deadline(signal) })),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor: next }) => next,
  select: ({ pages }) => ({ items: pages.flatMap(({ items }) => items) }),
});

export const useNode = (id: string) => useQuery({
  queryKey: keys.node(id),
  queryFn: ({ signal }) => unwrap(client.GET('/api/nodes/{id}', { params: { path: { id } }, signal: deadline(signal) })),
});

/** The newest ones; who may not enroll is not asked about them. */
export const useEnrollments = (enabled: boolean) => useQuery({
  queryKey: keys.enrollments,
  queryFn: ({ signal }) => unwrap(client.GET('/api/enrollments', { params: { query: { limit: 200 } }, signal: deadline(signal) })),
  enabled,
});

/** Read again whenever an event says that a host has come, spoken or been refused. */
export const useEnrollment = (id: string) => useQuery({
  queryKey: keys.enrollment(id),
  queryFn: ({ signal }) => unwrap(client.GET('/api/enrollments/{id}', { params: { path: { id } }, signal: deadline(signal) })),
});

export interface EnrollRequest { host: string; uses: number; ttl_seconds: number; replace: boolean }

/** Everything about nodes is old once something was done to one of them. */
function useRefresh() {
  const queries = useQueryClient();
  return () => Promise.all([keys.nodes, keys.nodeDetails, keys.enrollments].map((queryKey) => queries.invalidateQueries({ queryKey })));
}

/** The answer holds the token: it is kept by whoever shows it, and nowhere else. */
export function useEnroll() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: EnrollRequest) => unwrap(client.POST('/api/enrollments', { body, signal: deadline() })),
    onSuccess: () => void refresh(),
    gcTime: 0,
  });
}

export function useRevokeEnrollment() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => succeed(client.DELETE('/api/enrollments/{id}', { params: { path: { id } }, signal: deadline() })),
    onSettled: refresh,
  });
}

export function useRevokeNode(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => succeed(client.DELETE('/api/nodes/{id}', { params: { path: { id } }, signal: deadline() })),
    // Its own page has nothing to read any more.
    onSuccess: () => Promise.all([keys.nodes, keys.enrollments].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}

export function useAllow(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (allow: NodeDetail['allow']) => unwrap(client.PATCH('/api/nodes/{id}', { params: { path: { id } }, body: { allow }, signal: deadline() })),
    onSettled: refresh,
  });
}
