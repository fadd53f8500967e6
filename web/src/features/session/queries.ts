'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, deadline, succeed, unwrap } from '../../api/client.js';
import { keys } from '../../api/keys.js';
import { Problem } from '../../api/problem.js';

export interface Credentials { username: string; password: string }

export const useMe = () => useQuery({
  queryKey: keys.me,
  queryFn: ({ signal }) => unwrap(client.GET('/api/auth/me', { signal: deadline(signal) })),
  staleTime: 60_000,
});

export const isSignedOut = (error: unknown): boolean => error instanceof Problem && error.code === 'auth_error';

/** Whether there is nobody yet who could sign in. */
export const useSetupNeeded = () => useQuery({
  queryKey: keys.setup,
  queryFn: async ({ signal }) => (await unwrap(client.GET('/api/auth/setup-admin', { signal: deadline(signal) }))).needed,
  staleTime: 0,
});

/** Both answer with the session's cookie. */
const acts = {
  login: (body: Credentials) => unwrap(client.POST('/api/auth/login', { body, signal: deadline() })),
  setUp: (body: Credentials & { setup_code: string }) => unwrap(client.POST('/api/auth/setup-admin', { body, signal: deadline() })),
};

/** Whatever was read before was read by somebody else, or by nobody. */
export function useLogin() {
  const queries = useQueryClient();
  return useMutation({ mutationFn: acts.login, onSuccess: () => queries.resetQueries() });
}

export function useSetUp() {
  const queries = useQueryClient();
  return useMutation({ mutationFn: acts.setUp, onSuccess: () => queries.resetQueries() });
}

export function useChangePassword() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { current_password: string; new_password: string }) => succeed(client.POST('/api/auth/change-password', { body, signal: deadline() })),
    onSuccess: () => queries.resetQueries(),
  });
}

/** Everything that was read is forgotten with the session. */
export function useLogout() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => succeed(client.POST('/api/auth/logout', { signal: deadline() })),
    onSuccess: () => queries.clear(),
  });
}
