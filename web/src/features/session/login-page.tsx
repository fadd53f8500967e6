'use client';

import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect } from 'react';
import { SessionCard } from './card.js';
import { CredentialsForm } from './credentials-form.js';
import { useLogin, useMe, useSetupNeeded } from './queries.js';
import { homePath, safeReturnPath } from './return-path.js';
import { sessionWords } from './words.js';

export function LoginPage() {
  const me = useMe();
  const setup = useSetupNeeded();
  const login = useLogin();
  const router = useRouter();
  const next = safeReturnPath(useSearchParams().get('next'));

  useEffect(() => {
    if (me.isSuccess) router.replace(next);
    else if (setup.data) router.replace('/setup');
  }, [me.isSuccess, setup.data, next, router]);

  return (
    <SessionCard title={sessionWords.login.title} lead={next === homePath ? undefined : sessionWords.login.returning}>
      <CredentialsForm words={sessionWords.login} passwordKind="current-password" busy={login.isPending} error={login.error} onSubmit={login.mutate} />
    </SessionCard>
  );
}
