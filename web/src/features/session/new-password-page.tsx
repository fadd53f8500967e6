'use client';

import { Button, PasswordInput, Stack } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { ProblemCard } from '../../ui/problem-card.js';
import { SessionCard } from './card.js';
import { useChangePassword } from './queries.js';
import { sessionWords } from './words.js';

/** In place of every page for somebody whose password was made by an administrator. */
export function NewPasswordPage() {
  const words = sessionWords.newPassword;
  const change = useChangePassword();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!change.isPending) change.mutate({ current_password: current, new_password: next });
  };
  return (
    <SessionCard title={words.title} lead={words.lead}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <PasswordInput label={words.current} name="password" autoComplete="current-password" autoFocus required withAsterisk={false} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} />
          <PasswordInput label={words.next} name="new-password" autoComplete="new-password" description={words.hint} minLength={8} required withAsterisk={false} value={next} onChange={(event) => setNext(event.currentTarget.value)} />
          {change.error != null && <ProblemCard error={change.error} />}
          <Button type="submit" loading={change.isPending} fullWidth>{words.submit}</Button>
        </Stack>
      </form>
    </SessionCard>
  );
}
