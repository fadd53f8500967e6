'use client';

import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { ProblemCard } from '../../ui/problem-card.js';
import type { Credentials } from './queries.js';
import { sessionWords } from './words.js';

interface CredentialsFormProps {
  words: { username: string; password: string; submit: string; passwordHint?: string };
  /** For password managers: an old password or a new one. */
  passwordKind: 'current-password' | 'new-password';
  /** Fields before these. */
  children?: ReactNode;
  busy: boolean;
  error: unknown;
  onSubmit: (credentials: Credentials) => void;
}

export function CredentialsForm({ words, passwordKind, children, busy, error, onSubmit }: CredentialsFormProps) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [capsLock, setCapsLock] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!busy) onSubmit({ username, password });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {children}
        <TextInput label={words.username} name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus={children === undefined} required withAsterisk={false} value={username} onChange={(event) => setUsername(event.currentTarget.value)} />
        <PasswordInput
          label={words.password} name="password" autoComplete={passwordKind} required withAsterisk={false} description={words.passwordHint}
          value={password} onChange={(event) => setPassword(event.currentTarget.value)}
          onKeyUp={(event) => setCapsLock(event.getModifierState('CapsLock'))}
        />
        {capsLock && <Text size="sm" role="status">{sessionWords.login.capsLock}</Text>}
        {error != null && <ProblemCard error={error} />}
        <Button type="submit" loading={busy} fullWidth>{words.submit}</Button>
      </Stack>
    </form>
  );
}
