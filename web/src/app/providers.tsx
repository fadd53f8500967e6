'use client';

import { MantineProvider } from '@mantine/core';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider, type DefaultOptions } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { keys } from '../api/keys.js';
import { Problem } from '../api/problem.js';
import { theme, variables } from './theme.js';

/** Only what may pass by itself is asked again; a refusal stays a refusal. */
const passing: readonly string[] = ['unreachable', 'timeout', 'unavailable'];
const retries = 2;

const defaultOptions: DefaultOptions = {
  queries: {
    staleTime: 15_000,
    retry: (count, error) => count < retries && error instanceof Problem && passing.includes(error.code),
    networkMode: 'always',
  },
  mutations: { retry: false, networkMode: 'always' },
};

/** Any answer may be the first to tell that the session has ended; asking who is signed in then leads to sign in. */
function noticeSignOut(queries: QueryClient, error: unknown): void {
  if (error instanceof Problem && error.status === 401) void queries.invalidateQueries({ queryKey: keys.me });
}

const makeQueries = (): QueryClient => {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => { if (query.queryKey[0] !== keys.me[0]) noticeSignOut(queries, error); } }),
    mutationCache: new MutationCache({ onError: (error) => noticeSignOut(queries, error) }),
    defaultOptions,
  });
  return queries;
};

/** What keeps a page from scrolling behind a dialog makes a style of its own, and looks for its nonce here. */
function tellNonce(nonce: string | undefined): void {
  if (typeof window !== 'undefined' && nonce !== undefined) Object.assign(window, { __webpack_nonce__: nonce });
}

export function Providers({ nonce, children }: { /** Of what is written into the page. */ nonce: string | undefined; children: ReactNode }) {
  const [queries] = useState(makeQueries);
  useState(() => tellNonce(nonce));
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" {...(nonce === undefined ? {} : { getStyleNonce: () => nonce })}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </MantineProvider>
  );
}
