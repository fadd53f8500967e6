'use client';

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from '../api/problem.js';
import { theme, variables } from './theme.js';

/** Only what may pass by itself is asked again; a refusal stays a refusal. */
const passing: readonly string[] = ['unreachable', 'timeout', 'unavailable'];
const retries = 2;

const makeQueries = (): QueryClient => new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < retries && error instanceof Problem && passing.includes(error.code),
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

export function Providers({ children }: { children: ReactNode }) {
  const [queries] = useState(makeQueries);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </MantineProvider>
  );
}
