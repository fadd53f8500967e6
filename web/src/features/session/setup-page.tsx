'use client';

import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { SessionCard } from './card.js';
import { CredentialsForm } from './credentials-form.js';
import { useMe, useSetupNeeded, useSignIn } from './queries.js';
import { homePath } from './return-path.js';
import { sessionWords } from './words.js';

/** The first administrator; once there is one, this page leads to where people sign in. */
export function SetupPage() {
  const me = useMe();
  const needed = useSetupNeeded();
  const setup = useSignIn('setUp');
  const router = useRouter();
  const done = me.isSuccess;
  const closed = needed.data === false;

  useEffect(() => {
    if (done) router.replace(homePath);
    else if (closed) router.replace('/login');
  }, [done, closed, router]);

  return (
    <SessionCard title={sessionWords.setup.title} lead={sessionWords.setup.lead}>
      <CredentialsForm words={sessionWords.setup} passwordKind="new-password" busy={setup.isPending} error={setup.error} onSubmit={setup.mutate} />
    </SessionCard>
  );
}
