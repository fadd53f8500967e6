'use client';

import { TextInput } from '@mantine/core';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { SessionCard } from './card.js';
import { CredentialsForm } from './credentials-form.js';
import { useMe, useSetUp, useSetupNeeded } from './queries.js';
import { homePath } from './return-path.js';
import { sessionWords } from './words.js';

/** The first administrator; once there is one, this page leads to where people sign in. */
export function SetupPage() {
  const me = useMe();
  const needed = useSetupNeeded();
  const setup = useSetUp();
  const router = useRouter();
  const done = me.isSuccess;
  const [code, setCode] = useState('');
  const closed = needed.data === false;

  useEffect(() => {
    if (done) router.replace(homePath);
    else if (closed) router.replace('/login');
  }, [done, closed, router]);

  return (
    <SessionCard title={sessionWords.setup.title} lead={sessionWords.setup.lead}>
      <CredentialsForm words={sessionWords.setup} passwordKind="new-password" busy={setup.isPending} error={setup.error} onSubmit={(credentials) => setup.mutate({ ...credentials, setup_code: code })}>
        <TextInput
          label={sessionWords.setup.code} description={sessionWords.setup.codeHint} name="setup-code" autoComplete="off" autoCapitalize="none" spellCheck={false} autoFocus required withAsterisk={false}
          value={code} onChange={(event) => setCode(event.currentTarget.value)}
        />
      </CredentialsForm>
    </SessionCard>
  );
}
