'use client';

import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { client, deadline, succeed, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import type { Grants } from '../../api/types.js';
import type { Role } from '../../api/words.js';

export const useUsers = () => useInfiniteQuery({
  queryKey: keys.users,
  queryFn: ({ signal, pageParam }) => unwrap(client.GET('/api/users', { params: { query: { limit: 200, ...(pageParam === null ? {} : { cursor: pageParam }) } }, signal: deadline(signal) })),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor: next }) => next,
  select: ({ pages }) => ({ items: pages.flatMap(({ items }) => items) }),
});

function useRefresh() {
  const queries = useQueryClient();
  return () => Promise.all([keys.users, keys.apiKeys].map((queryKey) => queries.invalidateQueries({ queryKey })));
}

export interface NewUser { username: string; role: Role; grants?: Grants }
export interface UserChange { role?: Role; disabled?: boolean; grants?: Grants }

/** The answer holds a password: it is kept by whoever shows it, and nowhere else. */
export function useCreateUser() {
  const refresh = useRefresh();
  return useMutation({ mutationFn: (body: NewUser) => unwrap(client.POST('/api/users', { body, signal: deadline() })), onSuccess: () => void refresh(), gcTime: 0 });
}

export function useResetPassword(id: string) {
  const refresh = useRefresh();
  return useMutation({ mutationFn: () => unwrap(client.POST('/api/users/{id}/reset-password', { params: { path: { id } }, signal: deadline() })), onSuccess: () => void refresh(), gcTime: 0 });
}

export function useChangeUser(id: string) {
  const refresh = useRefresh();
  return useMutation({ mutationFn: (body: UserChange) => unwrap(client.PATCH('/api/users/{id}', { params: { path: { id } }, body, signal: deadline() })), onSuccess: refresh });
}

export function useDeleteUser(id: string) {
  const refresh = useRefresh();
  return useMutation({ mutationFn: () => succeed(client.DELETE('/api/users/{id}', { params: { path: { id } }, signal: deadline() })), onSuccess: refresh });
}
