'use client';

import { Center, Container, Loader, Stack, Text } from '@mantine/core';
import { useRouter } from 'next/navigation';
import { useEffect, type ReactNode } from 'react';
import { ProblemCard } from '../../ui/problem-card.js';
import { NewPasswordPage } from './new-password-page.js';
import { MeProvider } from './me-context.js';
import { isSignedOut, useMe } from './queries.js';
import { loginPath } from './return-path.js';
import { sessionWords } from './words.js';

/** Lets in who is signed in; sends everybody else to sign in and back to the page they asked for. */
export function SessionGate({ children }: { children: ReactNode }) {
  const me = useMe();
  const router = useRouter();
  const away = isSignedOut(me.error);

  useEffect(() => {
    if (away) router.replace(loginPath(window.location.pathname + window.location.search));
  }, [away, router]);

  if (!away && me.data?.must_change_password === true) return <NewPasswordPage />;
  if (!away && me.data) return <MeProvider value={me.data}>{children}</MeProvider>;
  if (!away && me.error) {
    return <Container size="sm" py="xl"><ProblemCard error={me.error} onRetry={() => void me.refetch()} /></Container>;
  }
  return (
    <Center mih="100vh">
      <Stack align="center" gap="xs">
        <Loader size="sm" aria-hidden />
        <Text size="sm" c="dimmed">{sessionWords.gate}</Text>
      </Stack>
    </Center>
  );
}
